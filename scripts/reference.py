"""Writes docs/reference.md, which describes every command and setting, using the argument parser and `Settings`.

python -m scripts.reference
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pydantic import SecretStr

from assistant.answering.answerability import DEFAULT_ANSWER_THRESHOLD
from assistant.cli.main import build_parser
from assistant.settings import ENVIRONMENT_PREFIX, Settings

PAGE = Path(__file__).parent.parent / "docs" / "reference.md"
HEAD = """# Reference

<!-- Written by `python -m scripts.reference`; don't edit. -->

## Commands

Run a command as `.venv/bin/assistant …`, or as `assistant …` in the activated environment; `python -m assistant …` does
the same. All commands accept `--corpus DIR` and `--index DIR`. The exit code is 0 on success, and a refusal counts as a
success. It is 1 for an error that you can fix, which is explained in one line, and 2 for incorrect usage.

"""
SETTINGS = """## Settings

Set these as environment variables, or in `assistant.toml`. In the file, write the names in lower case and without the
prefix. An unknown name is an error. A command-line option overrides a variable, and a variable overrides the file.

| variable | default | meaning |
|---|---|---|
"""
COMPUTED_DEFAULTS = {"answer_from": DEFAULT_ANSWER_THRESHOLD}  # settings whose defaults are defined in other modules
SHARED = ("help", "corpus", "index")  # arguments that every command has


def commands(parser: argparse.ArgumentParser) -> str:
    """Return the sections of the page that describe each command and its arguments."""
    listed = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    sections = []
    for name, command in listed.choices.items():
        arguments = [action for action in command._actions if action.dest not in SHARED]
        usage = " ".join(["assistant", name, *(_usage(action) for action in arguments)])
        lines = [f"### {name}\n", f"{_sentence(command.description or '')}\n", f"```\n{usage}\n```\n"]
        described = [f"- `{_flag(action)}`: {action.help}" for action in arguments if action.help]
        sections.append("\n".join([*lines, *described, *([""] if described else [])]))
    return "\n".join(sections) + "\n"


def _sentence(text: str) -> str:
    text = text if "://" in text.split()[0] else text[:1].upper() + text[1:]
    return text if text.endswith(".") else f"{text}."


def _flag(action: argparse.Action) -> str:
    if not action.option_strings:
        return str(action.metavar or action.dest.upper())
    value = action.metavar or (action.dest.upper() if action.nargs != 0 else "")
    return f"{action.option_strings[0]} {value}".strip()


def _usage(action: argparse.Action) -> str:
    if action.option_strings:
        return f"[{_flag(action)}]"
    name = "|".join(action.choices) if action.choices else _flag(action)
    return {"+": f"{name} …", "*": f"[{name} …]", "?": f"[{name}]"}.get(str(action.nargs), name)


def settings() -> str:
    """Return the table rows, one for each setting."""
    rows = []
    for name, field in Settings.model_fields.items():
        assert field.description, f"setting {name} has no description"
        rows.append(
            f"| `{ENVIRONMENT_PREFIX}{name.upper()}` | {_default(COMPUTED_DEFAULTS.get(name, field.default))} | "
            f"{_sentence(field.description).replace('|', chr(92) + '|')} |"
        )
    return "\n".join(rows) + "\n"


def _default(value: object) -> str:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value in (None, "", ()):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def page() -> str:
    """Return the whole page."""
    return HEAD + commands(build_parser()) + SETTINGS + settings()


def main() -> None:
    """Write docs/reference.md."""
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(PAGE.parents[1])}")


if __name__ == "__main__":
    main()
