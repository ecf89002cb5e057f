"""Every error a user can mend, as one tree.

AssistantError
├── SettingsError      a setting is unknown or has no usable value
├── CorpusError        the corpus folder, or a file in it, can't be read
├── ModelError         an embedding model can't be found, loaded or verified
├── IndexStateError    there is no index to ask, or not one that fits
│   └── IndexDamagedError   a file of the index is not what its manifest says
├── QuestionError      a question that can't be taken (empty, too long)
├── SlowError          an answer took longer than anybody waits
├── StoreError         the database for feedback can't be used
├── BackupError        a backup can't be written or put back
└── ServerError        the server can't start (port taken)

A message names the thing and the next command to run. "I don't know" is an answer, never an error.
"""

from __future__ import annotations


class AssistantError(Exception):
    """Base class: one line for the user, exit code 1 on the command line."""


class SettingsError(AssistantError):
    """A setting is unknown or has no usable value."""


class CorpusError(AssistantError):
    """The corpus folder, or a file in it, can't be read."""


class ModelError(AssistantError):
    """An embedding model can't be found, loaded or verified."""


class IndexStateError(AssistantError):
    """There is no index to ask, or not one that fits the settings."""


class IndexDamagedError(IndexStateError):
    """A file of the index is not what its manifest says."""


class QuestionError(AssistantError):
    """A question that can't be taken."""


class SlowError(AssistantError):
    """An answer took longer than anybody waits."""


class StoreError(AssistantError):
    """The database for feedback can't be used."""


class BackupError(AssistantError):
    """A backup can't be written or put back."""


class ServerError(AssistantError):
    """The server can't start."""
