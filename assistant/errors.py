"""Errors that a user or operator can fix.

AssistantError
├── SettingsError         a setting is unknown or has an invalid value
├── CorpusError           the corpus folder, or a file in it, can't be read
├── ModelError            an embedding model can't be found, loaded or verified
├── IndexStateError       there is no index, or the index doesn't match the settings
│   └── IndexDamagedError a file of the index differs from its manifest
├── QuestionError         the question is empty or too long
├── AnswerTimeoutError    an answer took too long
├── StoreError            the store can't be used
├── BackupError           a backup can't be written or restored
└── ServerError           the server can't start, for example because the port is in use

Each message states what failed and which command to run next. A refusal to answer a question counts as an answer,
not as an error.
"""

from __future__ import annotations


class AssistantError(Exception):
    """The base class of these errors. The command line prints the error's message on one line and exits with code 1."""


class SettingsError(AssistantError):
    """A setting is unknown or has an invalid value."""


class CorpusError(AssistantError):
    """The corpus folder, or a file in it, can't be read."""


class ModelError(AssistantError):
    """An embedding model can't be found, loaded or verified."""


class IndexStateError(AssistantError):
    """There is no index, or the index doesn't match the settings."""


class IndexDamagedError(IndexStateError):
    """A file of the index differs from its manifest."""


class QuestionError(AssistantError):
    """The question is empty or too long."""


class AnswerTimeoutError(AssistantError):
    """An answer took too long."""


class StoreError(AssistantError):
    """The store can't be used."""


class BackupError(AssistantError):
    """A backup can't be written or restored."""


class ServerStartError(AssistantError):
    """The server can't start."""
