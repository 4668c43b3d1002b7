import os
import time
from pathlib import Path

import httpx

CURSOR = Path("cursor.txt")

cursor = int(CURSOR.read_text()) if CURSOR.exists() else 0
with httpx.Client(base_url=os.environ["DIRECTORY"]) as client:
    while True:
        answer = client.get("/v1/events", params={"after": cursor, "limit": 1000})
        page = answer.raise_for_status().json()
        for event in page["events"]:
            # Ignore a type that you do not know: new ones may come.
            if event["type"] == "intake.paused":
                print(event["sequence"], event["data"]["responder"]["slug"], "paused", flush=True)
            if event["type"] == "directory.restored":
                print(event["sequence"], "read the whole directory again", flush=True)
        cursor = page["sequence"]
        CURSOR.write_text(str(cursor))
        if cursor == page["latest"]:
            time.sleep(30)
