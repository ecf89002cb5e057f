"""Whatever the OpenAPI document allows or forbids, asked of a real server by schemathesis.

    python -m benchmarks.interface [CASES]

10,000 cases unless it is said otherwise. Left out is the check that everything a schema allows is accepted: a
schema can't say that a question needs a letter, or that the last message has to be the user's.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.serving import serving

_EACH = 200  # examples of each operation and phase in one run


def main() -> int:
    """Run until enough cases were asked; 1 when the server broke a promise of its document."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    asked, failed, seed, begun = 0, 0, 0, time.monotonic()
    with serving() as (url, _), tempfile.TemporaryDirectory() as folder:
        while asked < wanted:
            seed += 1
            command = [
                Path(sys.executable).parent / "st", "run", f"{url}/api/openapi.json", "--checks", "all",
                "--exclude-checks", "positive_data_acceptance", "--max-examples", str(_EACH), "--no-color",
                "--continue-on-failure", "--seed", str(seed), "--workers", "2",
            ]  # fmt: skip
            done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
            found = re.search(r"(\d+) generated", done.stdout)
            if found is None or done.returncode:
                print(done.stdout[-4000:])
                failed += 1
            asked += int(found.group(1)) if found else 0
            print(
                f"seed {seed}: {asked} cases, {failed} runs with failures, {time.monotonic() - begun:.0f} s", flush=True
            )
            if found is None:
                break
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
