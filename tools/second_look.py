"""Runs the tests, and the few that failed once more alone.

    python -m tools.second_look .venv/bin/python -m pytest -n auto

It fails when more than three fail, or when one fails alone too. One that passes alone is named in the last lines.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

AT_MOST = 3
SEED = "--hypothesis-seed"
# After the first failure, the others would not have run.
ENDS_EARLY = ("-x", "--exitfirst", "--maxfail")


def main(command: Sequence[str]) -> int:
    """Run this command of pytest, which may end with options. The answer is an exit code."""
    # Ctrl-C reaches pytest too, which then says what failed so far.
    signal.signal(signal.SIGINT, lambda *_: None)
    with tempfile.TemporaryDirectory() as cache:
        # By the same random choices, or a case that is rarely drawn would pass at the second look.
        seed = () if any(each.startswith(SEED) for each in command) else (f"{SEED}={secrets.randbelow(2**32)}",)
        command = [*command, *seed, "-o", f"cache_dir={cache}"]
        # Older failures, as of a developer who works on a test, are in the cache of the folder.
        code = subprocess.run(command, check=False).returncode
        failed = _failed(Path(cache))
        # A file that could not be read stands there without a test.
        are_tests = bool(failed) and all("::" in each for each in failed)
        ends_early = any(each.startswith(ENDS_EARLY) for each in command)
        if code != pytest.ExitCode.TESTS_FAILED or ends_early or not are_tests or len(failed) > AT_MOST:
            return code
        sys.stdout.write(f"once more, alone: {', '.join(failed)}\n")
        sys.stdout.flush()
        alone = ["-n", "0", "--last-failed", "--last-failed-no-failures", "none"]
        # What measures has to go on measuring, so the same command runs in a process of its own.
        code = subprocess.run([*command, *alone], check=False).returncode
        # One that was not found again is still among the failed.
        if code != 0 or _failed(Path(cache)):
            return code or int(pytest.ExitCode.TESTS_FAILED)
    for name in failed:
        sys.stdout.write(f"unsettled: {name} failed beside others and passed alone\n")
    return os.EX_OK


def _failed(cache: Path) -> list[str]:
    """The tests that failed when they last ran."""
    path = cache / "v" / "cache" / "lastfailed"
    return sorted(json.loads(path.read_text())) if path.exists() else []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
