import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

const CURSOR = "cursor.txt";

let cursor = existsSync(CURSOR) ? Number(readFileSync(CURSOR, "utf8")) : 0;
for (;;) {
  const answer = await fetch(`${process.env.DIRECTORY}/v1/events?after=${cursor}&limit=1000`);
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const page = await answer.json();
  for (const { type, sequence, data } of page.events) {
    // Ignore a type that you do not know: new ones may come.
    if (type === "intake.paused") console.log(sequence, data.responder.slug, "paused");
    if (type === "directory.restored") console.log(sequence, "read the whole directory again");
  }
  cursor = page.sequence;
  writeFileSync(CURSOR, String(cursor));
  if (cursor === page.latest) await wait(30_000);
}
