// A complete integration: it receives webhooks, follows the events that it missed, and answers from its own copy.
//
//     DIRECTORY=https://capacity.example.org WEBHOOK_SECRET=whsec_… COPY=copy.json PORT=9000 node integration.js
//
// `POST /hook` takes webhooks. `GET /` is the copy as JSON, as it must be shown now. Node 20 or newer; no packages.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

import { Copy } from "./copy_of_directory.js";

const { DIRECTORY, WEBHOOK_SECRET, COPY = "copy.json", PORT = "9000", FOLLOW_EVERY_SECONDS = "30" } = process.env;
const LONGEST_BODY = 64 * 1024;
const AT_MOST_SECONDS_AWAY = 300;

const copy = new Copy(COPY);
let isFollowing = false;
let isWoken = false;

/** Whether a body was signed with our secret, not long ago (Standard Webhooks). */
function isGenuine(body, headers) {
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures = "" } = headers;
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= AT_MOST_SECONDS_AWAY)) return false;
  const key = Buffer.from(WEBHOOK_SECRET.replace("whsec_", ""), "base64");
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
  return signatures.split(" ").some((signature) => {
    const [version, value = ""] = signature.split(",");
    const given = Buffer.from(value, "base64");
    return version === "v1" && given.length === expected.length && timingSafeEqual(given, expected);
  });
}

/** Take one webhook, and look for what came before it. */
function receive(body) {
  // The follower reads the directory whole.
  if (!copy.apply(JSON.parse(body))) copy.cursor = null;
  wake();
}

async function read(path) {
  const answer = await fetch(DIRECTORY + path, { signal: AbortSignal.timeout(20_000) });
  if (answer.status === 409) return null;
  if (!answer.ok) throw new Error(`${path} was answered with ${answer.status}`);
  return answer.json();
}

/** Apply every event since the last time; begin with the whole directory. */
async function follow() {
  for (;;) {
    if (copy.cursor === null) copy.replace(await read("/v1/directory"));
    const page = await read(`/v1/events?after=${copy.cursor}&limit=1000`);
    // No page: nobody has given out our number, so the directory is not the one that we knew.
    if (!page || !page.events.every((event) => copy.apply(event))) copy.cursor = null;
    else if (copy.cursor !== null) copy.advance(page.sequence);
    if (copy.cursor !== null && page.sequence >= page.latest) return;
  }
}

/** Follow now, or once more after what is under way. */
async function wake() {
  isWoken = true;
  if (isFollowing) return;
  isFollowing = true;
  while (isWoken) {
    isWoken = false;
    await follow().catch((error) => console.log(`the directory cannot be read: ${error.message}`));
  }
  isFollowing = false;
}

async function bodyOf(request) {
  const parts = [];
  let length = 0;
  for await (const part of request) {
    length += part.length;
    if (length > LONGEST_BODY) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

const server = createServer(async (request, response) => {
  if (request.method === "GET") {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(copy.responders(Date.now())));
    return;
  }
  const body = await bodyOf(request);
  const isTaken = body !== null && isGenuine(body, request.headers);
  if (isTaken) receive(body);
  response.statusCode = isTaken ? 204 : body === null ? 413 : 401;
  response.end();
});

server.listen(Number(PORT), "127.0.0.1");
setInterval(wake, Number(FOLLOW_EVERY_SECONDS) * 1000);
wake();
