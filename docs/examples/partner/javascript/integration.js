// A complete integration: it receives webhooks, follows the events that it missed, and answers from its own copy.
//
//     DIRECTORY=https://capacity.example.org WEBHOOK_SECRET=whsec_… COPY=copy.json PORT=9000 node integration.js
//
// `POST /hook` takes webhooks. `GET /` is the copy as JSON, as it must be shown now. Node 20 or newer; no packages.

import { createServer } from "node:http";
import { setTimeout as wait } from "node:timers/promises";

import { Copy } from "./copy_of_directory.js";
import { isGenuine, secretsOf } from "./signature.js";

const { DIRECTORY, WEBHOOK_SECRET = "", COPY = "copy.json", PORT = "9000", FOLLOW_EVERY_SECONDS = "30" } = process.env;
const LONGEST_BODY = 64 * 1024;
const LONGEST_BACKOFF_SECONDS = 300;
const LONGEST_PAUSE_SECONDS = 3600;
// A copy that was not compared with the list for so long may have missed a pause: say so beside it.
const STALE_AFTER_SECONDS = 300;

// Several while one is being replaced, with white space between.
let secrets;
try {
  secrets = secretsOf(WEBHOOK_SECRET);
} catch (error) {
  console.error(`WEBHOOK_SECRET: ${error.message}`);
  process.exit(1);
}
const copy = new Copy(COPY);
let checkedAt = null;
// A webhook ends it.
let pause = new AbortController();

/** Take one webhook; false if it is not genuine. What it brought is stored when this returns. */
function receive(headers, body) {
  if (!isGenuine(secrets, headers, body, Date.now() / 1000)) return false;
  copy.applyWebhook(JSON.parse(body));
  // It proves nothing about what came before it.
  pause.abort();
  return true;
}

/** What is to be shown now. `stale` where the directory could not be asked lately. */
function show() {
  const now = Date.now();
  // A restored directory confirms nothing, so neither does a copy of the one before.
  const stale = copy.cursor === null || checkedAt === null || now - checkedAt > STALE_AFTER_SECONDS * 1000;
  const checked_at = checkedAt && new Date(checkedAt).toISOString();
  return { checked_at, stale, responders: copy.responders(now) };
}

class Refused extends Error {
  constructor(path, { status, headers }) {
    super(`${path} was answered with ${status}`);
    this.status = status;
    this.retryAfter = Number(headers.get("retry-after")) || 0;
  }
}

async function read(path, ...numbers) {
  const answer = await fetch(DIRECTORY + path, { signal: AbortSignal.timeout(20_000) });
  if (answer.ok) {
    const body = await answer.json();
    // A proxy may answer anything in its place.
    if (numbers.every((name) => Number.isInteger(body?.[name]))) return body;
    throw new Error(`${path} was answered with something else`);
  }
  await answer.body?.cancel();
  throw new Refused(path, answer);
}

/** Apply every event since the last time; begin with the whole directory. */
async function follow() {
  for (;;) {
    const askedAt = Date.now();
    if (copy.cursor === null) {
      copy.replace(await read("/v1/directory", "sequence"));
      continue;
    }
    const page = await read(`/v1/events?after=${copy.cursor}&limit=1000`, "sequence", "latest").catch((error) => {
      // 409, a number that nobody has given out: the directory is not the one that we knew.
      if (error.status !== 409) throw error;
      copy.cursor = null;
    });
    // Not if a webhook told of a restore meanwhile: the page may be from before it.
    if (copy.cursor !== null) copy.applyPage(page);
    if (copy.cursor !== null && page.sequence >= page.latest) {
      checkedAt = askedAt;
      return;
    }
  }
}

/** Follow again after a while, or as soon as a webhook has come. */
async function followForever() {
  for (let failures = 0; ;) {
    pause = new AbortController();
    try {
      await follow();
      failures = 0;
      await wait(FOLLOW_EVERY_SECONDS * 1000, null, { signal: pause.signal }).catch(() => {});
    } catch (error) {
      failures += 1;
      const seconds = backoff(failures, error.retryAfter ?? 0);
      console.log(`cannot follow the directory, next try in ${Math.round(seconds)} s: ${error.message}`);
      // A webhook does not cut this short.
      await wait(seconds * 1000);
    }
  }
}

/** Longer each time, a little at random so that partners do not come all at once, and at least `Retry-After`. */
function backoff(failures, retryAfter) {
  const seconds = Math.min(2 ** failures, LONGEST_BACKOFF_SECONDS) * (0.5 + Math.random() / 2);
  return Math.max(seconds, Math.min(retryAfter, LONGEST_PAUSE_SECONDS));
}

async function answerTo(request) {
  const { method, url, headers } = request;
  if (method === "GET" && url === "/") return [200, JSON.stringify(show())];
  if (method !== "POST" || url !== "/hook") return [404];
  const length = headers["content-length"];
  if (length === undefined) return [411];
  // Node cuts a body off at its length.
  if (Number(length) > LONGEST_BODY) return [413];
  // 204 also to a type that we do not know: it would be sent again.
  return [receive(headers, Buffer.concat(await request.toArray())) ? 204 : 401];
}

const server = createServer((request, response) => {
  answerTo(request)
    .catch((error) => {
      // Such as a full disk, or a sender that went away. The webhook comes again.
      console.log(error.message);
      return [500];
    })
    .then(([status, body]) => response.writeHead(status, { "content-type": "application/json" }).end(body));
});
// For a client that stops in the middle of a request.
server.requestTimeout = 15_000;
server.listen(Number(PORT), "127.0.0.1");
await followForever();
