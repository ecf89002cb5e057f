"""Fuzzes a real server with schemathesis, using valid and invalid requests made from the OpenAPI document.

    python -m benchmarks.interface [CASES]

By default, 10,000 cases are sent. schemathesis is told not to check that the server accepts every request that matches
the schema: a schema cannot express that a question must contain a letter, or that the last message must be the user's.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.serving import serving

_MAX_EXAMPLES = 200  # maximum number of cases for each operation and phase in one run


def main() -> int:
    """Run schemathesis until enough cases have been sent. Returns 1 if any response violated the OpenAPI document."""
    required = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    cases, failed_runs, seed, start = 0, 0, 0, time.monotonic()
    with serving() as (url, _), tempfile.TemporaryDirectory() as folder:
        while cases < required:
            seed += 1
            command = [
                str(Path(sys.executable).parent / "st"), "run", f"{url}/api/openapi.json", "--checks", "all",
                "--exclude-checks", "positive_data_acceptance", "--max-examples", str(_MAX_EXAMPLES), "--no-color",
                "--continue-on-failure", "--seed", str(seed), "--workers", "2",
            ]  # fmt: skip
            result = subprocess.run(command, capture_output=True, text=True, cwd=folder)
            generated = re.search(r"(\d+) generated", result.stdout)
            if generated is None or result.returncode:
                print(result.stdout[-4000:])
                failed_runs += 1
            cases += int(generated.group(1)) if generated else 0
            seconds = time.monotonic() - start
            print(f"seed {seed}: {cases} cases, {failed_runs} runs with failures, {seconds:.0f} s", flush=True)
            if generated is None:
                break
    return 1 if failed_runs else 0


if __name__ == "__main__":
    raise SystemExit(main())
