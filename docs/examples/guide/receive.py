import json
import os
import re
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

secret = os.environ.get("WEBHOOK_SECRET", "").strip()
# Without a key anybody could sign.
if not re.fullmatch("whsec_[A-Za-z0-9+/]{32,}={0,2}", secret):
    sys.exit("WEBHOOK_SECRET must be one secret: whsec_ and at least 24 bytes in base64")
webhook = Webhook(secret)


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            # Over the bytes as they arrived, before anything parses them.
            webhook.verify(body, {name.lower(): value for name, value in self.headers.items()})
        except WebhookVerificationError:
            print("refused: not signed with this secret", flush=True)
            self.send_response(401)
        else:
            event = json.loads(body)
            # A test never names a real charity.
            about = "test" if event["test"] else event["data"].get("responder", {}).get("slug")
            print(event["type"], about, flush=True)
            self.send_response(204)
        self.end_headers()


HTTPServer(("127.0.0.1", int(os.environ.get("PORT", "9000"))), Receiver).serve_forever()
