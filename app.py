"""Runs the server: `python app.py` is the same as `assistant serve`."""

from assistant.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main(["serve"]))
