import os
import time
from datetime import UTC, datetime

import httpx


def open_at(directory: dict, now: datetime) -> list[str]:
    """Who is open at `now`. A copy does not notice by itself that a report has ended: `confirm_by` says when."""
    return [
        responder["name"]
        for responder in directory["responders"]
        if responder["intake"]["state"] == "open" and datetime.fromisoformat(responder["intake"]["confirm_by"]) > now
    ]


directory, etag = {}, ""
with httpx.Client(base_url=os.environ["DIRECTORY"]) as client:
    while True:
        answer = client.get("/v1/directory", headers={"if-none-match": etag})
        if answer.status_code != httpx.codes.NOT_MODIFIED:
            directory, etag = answer.raise_for_status().json(), answer.headers["etag"]
        print("open now:", open_at(directory, datetime.now(UTC)), flush=True)
        time.sleep(directory["ttl"])
