"""The units for systemd: it understands them, and rates what they may do."""

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.processes import COMMAND
from tests.serving import PATIENCE_SECONDS

_UNITS = Path(__file__).parents[1] / "docs" / "operate" / "systemd"
# In tenths, of a hundred. Up to twenty is "OK".
_MOST_EXPOSED = "20"

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units with the command of these tests: systemd looks whether it is there."""
    for path in _UNITS.iterdir():
        installed = path.read_text().replace("/opt/capacity-api/bin/capacity-api", str(COMMAND))
        (tmp_path / path.name).write_text(installed)
    return tmp_path


def analyse(*arguments: str | Path) -> str:
    done = subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr


def test_systemd_understands_the_units_and_rates_them_ok(units: Path) -> None:
    names = sorted(path for path in units.iterdir() if path.suffix in {".socket", ".service", ".timer"})
    assert len(names) == 5
    # It warns about each line that it does not know.
    assert analyse("verify", "--man=no", *names) == ""
    services = [path for path in names if path.suffix == ".service"]
    analyse("security", "--no-pager", "--offline=true", f"--threshold={_MOST_EXPOSED}", *services)


def test_the_script_for_commands_is_one() -> None:
    subprocess.run(["sh", "-n", _UNITS / "capacity-admin"], check=True, timeout=PATIENCE_SECONDS)
