"""The pages of the responders as files: written when they change, and not because a minute is over."""

from datetime import timedelta
from pathlib import Path

import msgspec
from tests.pages.directories import NOW, intake_of
from tests.pages.test_responder import OPEN, entry, record, snapshot_of

from capacity_api.formats.registry import FORMATS
from capacity_api.pages.directory import MANY
from capacity_api.snapshot.snapshot import Snapshot
from capacity_api.static_site.folder import Folder, open_folder
from capacity_api.static_site.site import site_files

SCOTLAND = msgspec.structs.replace(record().remit, areas=("S92000003",))
WALES = msgspec.structs.replace(record().remit, areas=("W92000004",))


def written(folder: Folder, snapshot: Snapshot) -> int:
    files = {name: build for name, build in site_files(snapshot, FORMATS).items() if name.startswith("r/")}
    return folder.write(files, snapshot.now).written


def test_a_page_is_written_again_when_it_changes_and_the_others_once_a_day(root: Path) -> None:
    alone = entry(record("alone", intake_of(OPEN, until=timedelta(minutes=70)), remit=SCOTLAND))
    others = [entry(record(f"other-{number}", intake_of(OPEN), remit=WALES)) for number in range(MANY + 10)]
    snapshot = snapshot_of(alone, *others)
    with open_folder(root) as folder:
        assert written(folder, snapshot) == MANY + 11
        within_a_day = 0
        for minutes in (1, 2, 69):
            snapshot = snapshot.with_changes({}, NOW + timedelta(minutes=minutes))
            within_a_day += written(folder, snapshot)
        # The day of each begins at another time.
        assert within_a_day < 20
        at = NOW + timedelta(minutes=70)
        snapshot = snapshot.with_changes({"alone": snapshot.entries["alone"].at(at)}, at)
        assert written(folder, snapshot) <= 2
        assert b"We do not know about today." in (root / "r" / "alone.html").read_bytes()
        assert written(folder, snapshot.with_changes({}, NOW + timedelta(days=1))) >= MANY
