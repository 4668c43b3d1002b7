"""A local copy of the directory that survives restarts, lapses, redactions and a restored directory.

It needs no network. `integration.py` feeds it.
"""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

Json = dict[str, Any]
_STATES = ("open", "waiting_list", "paused")


class Copy:
    """What this tool knows, in one file.

    `cursor` is the number up to which every event was applied; None while the whole directory has to be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        stored: Json = json.loads(path.read_text("utf-8")) if path.exists() else {}
        self.cursor: int | None = stored.get("cursor")
        self._responders: dict[str, Json] = stored.get("responders", {})
        # The numbers at which responders left, above the cursor: an older webhook must not bring one back.
        self._left: dict[str, int] = stored.get("left", {})

    def responders(self, now: datetime) -> dict[str, Json]:
        """The responders by slug, as they are to be shown at `now`: what has lapsed is `unconfirmed`."""
        return {slug: _at(responder, now) for slug, responder in sorted(self._responders.items())}

    def replace(self, directory: Json) -> None:
        """Take the whole directory in place of what is here: at first, and after a restore."""
        self._responders = {each["slug"]: each for each in directory["responders"]}
        self._advance(directory["sequence"])

    def apply_webhook(self, event: Json) -> None:
        """Take one event on its own. It may come late, twice, or before an older one."""
        # Every event up to the cursor is applied. A test and a private event have no number.
        if self.cursor is None or event["test"] or (event["sequence"] or 0) <= self.cursor:
            return
        if event["type"] == "directory.restored":
            self.cursor = None
            return
        self._apply(event)
        self._save()

    def apply_page(self, page: Json) -> None:
        """Take a page of the list, which has every event after the cursor, in order."""
        for event in page["events"]:
            if event["type"] == "directory.restored":
                self.cursor = None
                return
            self._apply(event)
            if event["type"] == "event.redacted":
                self._renumber(event)
        self._advance(page["sequence"])

    def _apply(self, event: Json) -> None:
        if event["type"] == "event.redacted":
            self._redact(event["data"])
        elif "responder" in event["data"]:
            self._take(event["data"]["responder"], event["sequence"], left=event["type"] == "responder.delisted")
        # Whatever else comes, now or one day, changes no responder.

    def _take(self, responder: Json, sequence: int, *, left: bool) -> None:
        slug = responder["slug"]
        if sequence <= self._left.get(slug, 0) or sequence <= self._responders.get(slug, {}).get("sequence", 0):
            return
        if left:
            self._responders.pop(slug, None)
            self._left[slug] = sequence
        else:
            self._responders[slug] = responder

    def _redact(self, redaction: Json) -> None:
        responder = self._responders.get(redaction["slug"])
        if responder is None or not redaction["from"] <= responder["sequence"] <= redaction["to"]:
            return
        for field in redaction["fields"]:
            parent, _, name = field.rpartition(".")
            if parent == "report":
                intake = responder["intake"]
                for report in (intake["report"], intake["last_report"], (intake["planned"] or {}).get("report")):
                    if report is not None:
                        report[name] = None
            else:
                (responder[parent] if parent else responder)[name] = None

    def _renumber(self, event: Json) -> None:
        """Give the responder the number of its redaction, as the directory does.

        Only the list may: a webhook about it may come before an older one, which would then be ignored.
        """
        responder = self._responders.get(event["data"]["slug"])
        if responder is not None and responder["sequence"] < event["sequence"]:
            responder.update(sequence=event["sequence"], updated_at=event["timestamp"])

    def _advance(self, cursor: int) -> None:
        self.cursor = cursor
        self._left = {slug: sequence for slug, sequence in self._left.items() if sequence > cursor}
        self._save()

    def _save(self) -> None:
        """Write a new file, and put it in the old one's place once the disk has it: a crash leaves one of the two."""
        unfinished = self._path.with_suffix(".new")
        with unfinished.open("w", encoding="utf-8") as file:
            json.dump({"cursor": self.cursor, "responders": self._responders, "left": self._left}, file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._path)


def _at(responder: Json, now: datetime) -> Json:
    """The responder at `now`. The clock alone ends a report, and starts a plan, whose event may come later."""
    intake = responder["intake"]
    ends = [intake["confirm_by"], (intake["planned"] or {}).get("effective_from")]
    has_ended = any(end and datetime.fromisoformat(end) <= now for end in ends)
    # A state that we do not know, because it is new, may mean anything.
    if not has_ended and intake["state"] in _STATES:
        return responder
    last = intake["report"] or intake["last_report"]
    unconfirmed = {"state": "unconfirmed", "capacity_status": None, "report": None, "last_report": last}
    return {**responder, "intake": {**intake, **unconfirmed}}
