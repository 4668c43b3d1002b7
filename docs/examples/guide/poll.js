/** Who is open at `now`. A copy does not notice by itself that a report has ended: `confirm_by` says when. */
function openAt(directory, now) {
  return directory.responders
    .filter(({ intake }) => intake.state === "open" && Date.parse(intake.confirm_by) > now)
    .map(({ name }) => name);
}

let directory;
let etag = "";

async function poll() {
  const answer = await fetch(`${process.env.DIRECTORY}/v1/directory`, { headers: { "if-none-match": etag } });
  if (answer.ok) {
    directory = await answer.json();
    etag = answer.headers.get("etag");
  } else if (answer.status !== 304) throw new Error(`status ${answer.status}`);
  console.log("open now:", openAt(directory, Date.now()));
  setTimeout(poll, directory.ttl * 1000);
}

await poll();
