import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

// Without a key anybody could sign.
const [, encoded] = /^\s*whsec_([A-Za-z0-9+/]{32,}={0,2})\s*$/.exec(process.env.WEBHOOK_SECRET ?? "") ?? [];
if (!encoded) {
  console.error("WEBHOOK_SECRET must be one secret: whsec_ and at least 24 bytes in base64");
  process.exit(1);
}
const key = Buffer.from(encoded, "base64");

function isGenuine(body, { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures = "" }) {
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) < 300)) return false;
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
  return signatures.split(/\s+/).some((each) => {
    const given = Buffer.from(each.replace("v1,", ""), "base64");
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

const server = createServer(async (request, response) => {
  const parts = await request.toArray().catch(() => null);
  // The sender went away. It sends it again.
  if (!parts) return;
  // Over the bytes as they arrived, before anything parses them.
  const body = Buffer.concat(parts);
  if (isGenuine(body, request.headers)) {
    const { type, test, data } = JSON.parse(body);
    // A test never names a real charity.
    console.log(type, test ? "test" : data.responder?.slug);
    response.statusCode = 204;
  } else {
    console.log("refused: not signed with this secret");
    response.statusCode = 401;
  }
  response.end();
});
server.listen(Number(process.env.PORT ?? 9000), "127.0.0.1");
