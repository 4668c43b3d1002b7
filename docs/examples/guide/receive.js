import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const key = Buffer.from(process.env.WEBHOOK_SECRET.replace("whsec_", ""), "base64");

function isGenuine(body, { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures = "" }) {
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) < 300)) return false;
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
  return signatures.split(" ").some((each) => {
    const given = Buffer.from(each.replace("v1,", ""), "base64");
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

const server = createServer(async (request, response) => {
  // Over the bytes as they arrived, before anything parses them.
  const body = Buffer.concat(await request.toArray());
  if (isGenuine(body, request.headers)) {
    const { type, data } = JSON.parse(body);
    console.log(type, data.responder?.slug);
    response.statusCode = 204;
  } else response.statusCode = 401;
  response.end();
});
server.listen(Number(process.env.PORT ?? 9000), "127.0.0.1");
