"""The units for systemd: it understands them, and rates what they may do."""

import re
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


@pytest.mark.parametrize(
    ("drop_in", "database_url"),
    [("upgrade.conf", "database-url"), ("upgrade-owner.conf", "owner-database-url")],
)
def test_the_restart_that_upgrades_does_it_as_who_may(units: Path, drop_in: str, database_url: str) -> None:
    service = units / "capacity-api.service"
    folder = units / "capacity-api.service.d"
    folder.mkdir()
    shutil.copy(units / drop_in, folder / "upgrade.conf")
    assert analyse("verify", "--man=no", service, units / "capacity-api.socket") == ""
    analyse("security", "--no-pager", "--offline=true", f"--threshold={_MOST_EXPOSED}", service)
    lines = (service.read_text() + (folder / "upgrade.conf").read_text()).splitlines()
    (command,) = (line.partition("=")[2] for line in lines if line.startswith("ExecStartPre="))
    # What the command itself sets goes before what the unit sets for all.
    (used,) = re.findall(r"CAPACITY_DATABASE_URL_FILE=%d/(\S+)", command) or re.findall(
        r"^Environment=.*CAPACITY_DATABASE_URL_FILE=%d/(\S+)", service.read_text(), re.MULTILINE
    )
    assert used == database_url
    assert f"LoadCredential={used}:/etc/capacity-api/{used}" in lines
    assert command.endswith(f"{COMMAND} db upgrade")


def test_systemd_looks_into_what_is_added_to_a_unit(units: Path) -> None:
    folder = units / "capacity-api.service.d"
    folder.mkdir()
    (folder / "upgrade.conf").write_text("[Service]\nLoadCredentials=unknown\n")
    assert "LoadCredentials" in analyse("verify", "--man=no", units / "capacity-api.service")


def test_the_script_for_commands_is_one() -> None:
    subprocess.run(["sh", "-n", _UNITS / "capacity-admin"], check=True, timeout=PATIENCE_SECONDS)
