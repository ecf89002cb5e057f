"""The entry point of `python -m assistant`, which does the same as the `assistant` command."""

from assistant.cli.main import main

raise SystemExit(main())
