"""Entry: `python app.py` serves the page and the API, as `assistant serve` does."""

from assistant.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main(["serve"]))
