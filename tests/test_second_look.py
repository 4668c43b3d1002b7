"""The tests that failed are run once more, alone, and only few of them."""

import sys
from pathlib import Path

import pytest
from tools import second_look

# Each test notes that it ran. `SETTLED` passes from its second run on; the others fail each time.
SETTLED = """
def test_settled_{number}(record):
    assert record("settled_{number}") > 1
"""
BROKEN = """
def test_broken(record):
    record("broken")
    assert False
"""
PASSES = """
def test_passes(record):
    record("passes")
"""
CONFTEST = """
import pytest
from pathlib import Path

@pytest.fixture(scope="session")
def record():
    def record(name):
        with Path(__file__).with_name(name + ".runs").open("a+") as file:
            file.write("x")
            return file.tell()
    return record
"""
PYTEST = [sys.executable, "-m", "pytest", "-q", "-n", "1", "-p", "xdist", "-p", "_hypothesis_pytestplugin"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    # The other plugins take a second in each process.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


def runs(folder: Path) -> dict[str, int]:
    return {path.stem: path.stat().st_size for path in folder.glob("*.runs")}


def test_three_that_pass_alone_are_named_and_nothing_else_runs_twice(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tests = "".join(SETTLED.format(number=number) for number in range(second_look.AT_MOST))
    (folder / "test_one.py").write_text(tests + PASSES)
    assert second_look.main(PYTEST) == 0
    assert runs(folder) == {"settled_0": 2, "settled_1": 2, "settled_2": 2, "passes": 1}
    assert capfd.readouterr().out.splitlines()[-3:] == [
        f"unsettled: test_one.py::test_settled_{number} failed beside others and passed alone" for number in range(3)
    ]


def test_more_than_three_get_no_second_look(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tests = [SETTLED.format(number=number) for number in range(second_look.AT_MOST + 1)]
    (folder / "test_one.py").write_text("".join(tests))
    assert second_look.main(PYTEST) == 1
    assert set(runs(folder).values()) == {1}
    assert "unsettled" not in capfd.readouterr().out


def test_one_that_fails_alone_is_a_failure_whatever_passes_beside_it(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "test_one.py").write_text(SETTLED.format(number=0) + BROKEN)
    assert second_look.main(PYTEST) == 1
    assert runs(folder) == {"settled_0": 2, "broken": 2}
    assert "unsettled" not in capfd.readouterr().out


def test_a_run_that_ended_early_gets_no_second_look(folder: Path) -> None:
    (folder / "test_one.py").write_text(SETTLED.format(number=0))
    assert second_look.main([*PYTEST, "--maxfail=1"]) != 0
    assert runs(folder) == {"settled_0": 1}


def test_a_file_that_cannot_be_read_gets_no_second_look(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "test_one.py").write_text("import nowhere")
    assert second_look.main(PYTEST) != 0
    assert "once more" not in capfd.readouterr().out


def test_the_second_look_makes_the_same_random_choices(folder: Path) -> None:
    (folder / "test_one.py").write_text(
        "import pathlib\n"
        "def test_random(request):\n"
        "    with pathlib.Path('drawn').open('a') as file:\n"
        "        print(request.config.getoption('--hypothesis-seed'), file=file)\n"
        "    assert False\n"
    )
    assert second_look.main(PYTEST) == 1
    first, again = (folder / "drawn").read_text().split()
    assert first == again != "None"
