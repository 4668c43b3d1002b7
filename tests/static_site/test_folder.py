"""A folder of files, each replaced whole: what is there, what is gone, and what is left alone."""

import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Clock
from tests.sites import UNPACK

from capacity_api.errors import ConfigurationError
from capacity_api.snapshot.resource import Resource
from capacity_api.static_site.folder import Folder, open_folder

LONG = b'{"state":"open"}' * 100
OTHER = b'{"state":"paused"}' * 100


def of(**bodies: bytes) -> dict[str, Callable[[], Resource]]:
    """Files by name; `a__b` is `a/b`."""
    return {name.replace("__", "/"): partial(Resource, body) for name, body in bodies.items()}


def names(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_a_file_has_a_neighbour_in_each_coding_that_makes_it_smaller(folder: Folder, root: Path, clock: Clock) -> None:
    folder.write(of(v1__long=LONG, short=b"{}"), clock())
    assert names(root) == {".capacity-site", "v1/long", "v1/long.gz", "v1/long.br", "v1/long.zst", "short"}
    assert (root / "v1/long").read_bytes() == LONG
    for suffix, unpack in UNPACK.items():
        assert unpack((root / f"v1/long{suffix}").read_bytes()) == LONG


def test_at_no_moment_is_a_neighbour_older_or_newer_than_its_file(
    folder: Folder, root: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write(of(a=LONG), clock())
    moments = []

    def seen() -> None:
        plain = (root / "a").read_bytes()
        packed = [path for path in (root / "a.gz", root / "a.br", root / "a.zst") if path.exists()]
        assert all(UNPACK[path.suffix](path.read_bytes()) == plain for path in packed)
        moments.append((plain, len(packed)))

    for change in ("unlink", "replace"):
        done = getattr(Path, change)

        def watched(*given: Any, done: Callable[..., Any] = done, **options: Any) -> Any:
            answer = done(*given, **options)
            seen()
            return answer

        monkeypatch.setattr(Path, change, watched)
    folder.write(of(a=OTHER), clock())
    assert moments == [(LONG, 2), (LONG, 1), (LONG, 0), (OTHER, 0), (OTHER, 1), (OTHER, 2), (OTHER, 3)]


def test_neighbours_that_are_not_smaller_any_more_are_removed(folder: Folder, root: Path, clock: Clock) -> None:
    folder.write(of(a=LONG), clock())
    folder.write(of(a=b"{}"), clock())
    assert names(root) == {".capacity-site", "a"}


def test_each_change_within_a_second_gets_a_later_second(folder: Folder, root: Path, clock: Clock) -> None:
    seen = []
    for body in (LONG, OTHER, LONG):
        folder.write(of(a=body), clock())
        times = {path.stat().st_mtime_ns for path in root.glob("a*")}
        assert len(times) == 1
        seen.append(times.pop() / 1e9)
    assert seen == [clock().timestamp() + number for number in range(3)]


def test_a_clock_that_went_back_takes_no_time_back(root: Path, clock: Clock) -> None:
    with open_folder(root) as folder:
        folder.write(of(a=LONG), clock())
    before = (root / "a").stat().st_mtime
    clock.advance(timedelta(days=-1))
    with open_folder(root) as folder:
        folder.write(of(a=OTHER), clock())
    assert (root / "a").stat().st_mtime == before + 1


def test_what_comes_back_after_it_was_removed_is_later_too(root: Path, clock: Clock) -> None:
    with open_folder(root) as folder:
        folder.write(of(a=LONG, b=LONG), clock())
        folder.write(of(a=OTHER, b=LONG), clock())
        before = (root / "a").stat().st_mtime
        folder.write(of(b=LONG), clock())
    with open_folder(root) as folder:
        folder.write(of(a=LONG, b=LONG), clock())
    assert (root / "a").stat().st_mtime > before


@pytest.mark.parametrize("again", [False, True], ids=["in one process", "by another process"])
def test_what_did_not_change_is_left_alone(root: Path, clock: Clock, again: bool) -> None:
    with open_folder(root) as folder:
        folder.write(of(a=LONG, b=LONG), clock())
        before = {path.name: path.stat() for path in root.iterdir()}
        clock.advance(timedelta(minutes=1))
        if not again:
            assert folder.write(of(a=LONG, b=OTHER), clock()).written == 1
    if again:
        with open_folder(root) as folder:
            assert folder.write(of(a=LONG, b=OTHER), clock()).written == 1
    for name in ("a", "a.gz", "a.br", "a.zst", ".capacity-site"):
        after = (root / name).stat()
        assert (after.st_ino, after.st_mtime_ns) == (before[name].st_ino, before[name].st_mtime_ns)
    assert (root / "b").read_bytes() == OTHER


def test_what_does_not_belong_any_more_is_removed_with_its_empty_folders(
    folder: Folder, root: Path, clock: Clock
) -> None:
    folder.write(of(v1__responders__tara=LONG, v1__directory=LONG), clock())
    folder.write(of(v1__directory=LONG), clock())
    assert not (root / "v1/responders").exists()
    folder.write({}, clock())
    assert names(root) == {".capacity-site"}
    assert not (root / "v1").exists()


def test_what_somebody_else_put_there_stays(root: Path, clock: Clock) -> None:
    with open_folder(root) as folder:
        folder.write(of(v1__responders__tara=LONG), clock())
    (root / "v1/responders/notes.txt").write_text("mine")
    with open_folder(root) as folder:
        folder.write(of(b=LONG), clock())
    assert (root / "v1/responders/notes.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["b", "b.gz"])
def test_a_file_of_somebody_else_is_never_written_over(folder: Folder, root: Path, clock: Clock, name: str) -> None:
    folder.write(of(a=LONG), clock())
    (root / name).write_text("mine")
    with pytest.raises(ConfigurationError, match="was not written by this"):
        folder.write(of(a=OTHER, b=LONG), clock())
    assert (root / name).read_text() == "mine"
    (root / name).unlink()
    folder.write(of(a=OTHER, b=LONG), clock())
    assert ((root / "a").read_bytes(), (root / "b").read_bytes()) == (OTHER, LONG)


def test_a_file_can_become_a_folder_and_a_folder_a_file(folder: Folder, root: Path, clock: Clock) -> None:
    for files in (of(a=LONG), of(a__b=LONG), of(a=LONG)):
        folder.write(files, clock())
        assert {name for name in names(root) if not name.endswith((".gz", ".br", ".zst"))} == {".capacity-site", *files}


def test_what_a_killed_process_left_is_completed_and_cleaned_up(root: Path, clock: Clock) -> None:
    def killed() -> Resource:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), open_folder(root) as folder:
        folder.write({**of(a=LONG, gone=LONG), "z": killed}, clock())
    # As between removing the old neighbours and renaming the new ones.
    (root / "a.gz").rename(root / ".a.gz.new")
    with open_folder(root) as folder:
        folder.write(of(a=LONG), clock())
    assert names(root) == {".capacity-site", "a", "a.gz", "a.br", "a.zst"}


def test_a_file_that_somebody_changed_is_put_right_by_the_next_process(root: Path, clock: Clock) -> None:
    with open_folder(root) as folder:
        folder.write(of(a=LONG), clock())
    (root / "a").write_bytes(b"else")
    with open_folder(root) as folder:
        folder.write(of(a=LONG), clock())
    assert (root / "a").read_bytes() == LONG


def test_a_folder_that_holds_something_else_is_refused_and_untouched(root: Path) -> None:
    root.mkdir()
    (root / "thesis.txt").write_text("years of work")
    with pytest.raises(ConfigurationError, match="holds something else"), open_folder(root):
        pass
    assert names(root) == {"thesis.txt"}


def test_a_file_in_place_of_the_folder_is_refused(root: Path) -> None:
    root.write_text("a file")
    with pytest.raises(ConfigurationError, match="cannot be written to"), open_folder(root):
        pass


@pytest.mark.parametrize(
    "content", ["nonsense", '{"files":["../outside"],"latest":0}', '{"files":["/etc/x"],"latest":0}']
)
def test_a_list_that_this_cannot_have_written_is_refused(root: Path, content: str) -> None:
    root.mkdir()
    (root.parent / "outside").write_text("stays")
    (root / ".capacity-site").write_text(content)
    with pytest.raises(ConfigurationError, match="empty the folder"), open_folder(root):
        pass
    assert (root.parent / "outside").exists()


def test_two_processes_never_write_to_one_folder(folder: Folder, root: Path) -> None:
    with pytest.raises(ConfigurationError, match="another process writes to"), open_folder(root):
        pass


def test_everybody_may_read_the_files(folder: Folder, root: Path, clock: Clock) -> None:
    folder.write(of(a=LONG), clock())
    usual = (root.parent / "usual").open("w")
    usual.close()
    assert (root / "a").stat().st_mode == (root.parent / "usual").stat().st_mode


def test_the_list_names_the_files_without_their_neighbours(folder: Folder, root: Path, clock: Clock) -> None:
    folder.write(of(b=LONG, a=LONG), clock())
    assert json.loads((root / ".capacity-site").read_bytes())["files"] == ["a", "b"]
