// Whether a webhook is genuine, by the rules of Standard Webhooks. It needs nothing but Node.

import { createHmac, timingSafeEqual } from "node:crypto";

const TOLERANCE_SECONDS = 300;
// At least 24 bytes, as the rules say.
const SECRET = /^whsec_([A-Za-z0-9+/]{32,}={0,2})$/;

/** The secrets in `text`, with white space between. Throws where there is none, or one is not a secret. */
export function secretsOf(text) {
  const secrets = text.split(/\s+/).filter(Boolean);
  if (!secrets.length) throw new Error("there is no secret");
  secrets.forEach(keyOf);
  return secrets;
}

/**
 * Whether `body`, a Buffer as it arrived, was signed with one of our secrets (`whsec_…`) at most five minutes ago.
 * `headers` are in lower case. `now` is in seconds.
 */
export function isGenuine(secrets, headers, body, now) {
  const { "webhook-id": id = "", "webhook-timestamp": timestamp = "", "webhook-signature": signatures = "" } = headers;
  // An old one may have been recorded on its way. More than twelve digits are no time.
  if (!/^[0-9]{1,12}$/.test(timestamp) || Math.abs(now - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  // There are two signatures while the secret is being replaced.
  const given = signatures.split(/\s+/).map((each) => Buffer.from(each));
  return secrets.some((secret) => {
    const signature = createHmac("sha256", keyOf(secret)).update(`${id}.${timestamp}.`).update(body).digest("base64");
    const expected = Buffer.from(`v1,${signature}`);
    return given.some((each) => each.length === expected.length && timingSafeEqual(each, expected));
  });
}

function keyOf(secret) {
  const [, encoded] = SECRET.exec(secret) ?? [];
  // With an empty key anybody could sign.
  if (!encoded) throw new Error("a secret is whsec_ and at least 24 bytes in base64");
  return Buffer.from(encoded, "base64");
}
