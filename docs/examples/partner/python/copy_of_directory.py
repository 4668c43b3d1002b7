"""A local copy of the directory that survives restarts, lapses, redactions and a restored directory.

It needs no network. `integration.py` feeds it.
"""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

Json = dict[str, Any]
_NOTES = ("report", "last_report")


class Copy:
    """What this tool knows, in one file. `cursor` is the number up to which every event was seen.

    `applied` has the number of the last event of each responder, also of one that left: an older event that arrives
    late must not bring it back.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        stored: Json = json.loads(path.read_text()) if path.exists() else {}
        self.cursor: int | None = stored.get("cursor")
        self._responders: dict[str, Json] = stored.get("responders", {})
        self._applied: dict[str, int] = stored.get("applied", {})

    def responders(self, now: datetime) -> dict[str, Json]:
        """The responders by slug, as they are to be shown at `now`: what has lapsed is `unconfirmed`."""
        return {slug: _at(responder, now) for slug, responder in sorted(self._responders.items())}

    def replace(self, directory: Json) -> None:
        """Take the whole directory in place of what is here: at first, and after a restore."""
        self._responders = {each["slug"]: each for each in directory["responders"]}
        self._applied = {each["slug"]: each["sequence"] for each in directory["responders"]}
        self.cursor = directory["sequence"]
        self._save()

    def apply(self, event: Json) -> bool:
        """Take one event, from a webhook or from the list, in any order and any number of times.

        False where the whole directory has to be read: it was restored from a backup.
        """
        if event["test"] or event["sequence"] is None:
            return True
        if event["type"] == "directory.restored":
            return False
        if event["type"] == "event.redacted":
            self._redact(event)
        elif "responder" in event["data"]:
            self._take(event["data"]["responder"], event["sequence"], left=event["type"] == "responder.delisted")
        # Whatever else comes, now or one day, changes no responder.
        self._save()
        return True

    def advance(self, cursor: int) -> None:
        """Every event up to this number was applied."""
        self.cursor = cursor
        self._save()

    def _take(self, responder: Json, sequence: int, *, left: bool) -> None:
        slug = responder["slug"]
        if sequence <= self._applied.get(slug, 0):
            return
        self._applied[slug] = sequence
        if left:
            self._responders.pop(slug, None)
        else:
            self._responders[slug] = responder

    def _redact(self, event: Json) -> None:
        redaction = event["data"]
        responder = self._responders.get(redaction["slug"])
        if responder is None:
            return
        fields = redaction["fields"] if redaction["from"] <= responder["sequence"] <= redaction["to"] else []
        if event["sequence"] > self._applied[redaction["slug"]]:
            # The responder has this number now, so that a copy by any other way has it too.
            self._applied[redaction["slug"]] = responder["sequence"] = event["sequence"]
            responder["updated_at"] = event["timestamp"]
        for field in fields:
            parent, _, name = field.rpartition(".")
            if parent == "report":
                intake = responder["intake"]
                reports = [intake[each] for each in _NOTES] + [(intake["planned"] or {}).get("report")]
                for report in filter(None, reports):
                    report[name] = None
            else:
                (responder[parent] if parent else responder)[name] = None

    def _save(self) -> None:
        """Write the whole file beside the old one, then rename it: a killed process leaves one of the two."""
        unfinished = self._path.with_suffix(".new")
        with unfinished.open("w") as file:
            json.dump({"cursor": self.cursor, "responders": self._responders, "applied": self._applied}, file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._path)


def _at(responder: Json, now: datetime) -> Json:
    """The responder at `now`. The clock alone ends a report, and starts a plan, whose event may come later."""
    intake = responder["intake"]
    ends = [intake["confirm_by"], (intake["planned"] or {}).get("effective_from")]
    if any(end and datetime.fromisoformat(end) <= now for end in ends):
        return {**responder, "intake": {**intake, "state": "unconfirmed"}}
    return responder
