"""The mail of the demonstration: printed to the terminal and shown on a local page, in place of being sent."""

from collections import deque
from email.message import EmailMessage
from html import escape

from capacity_api.delivery.receiver import write_stdout
from capacity_api.domain.lease import RequireLease
from capacity_api.domain.retry import Delivered, Outcome

# How many the page shows.
_MAX_MAILS = 50
_PAGE = """<!doctype html>
<html lang="en-GB">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Mail of the demonstration</title>
<style>body {{ font-family: sans-serif; line-height: 1.5; max-width: 45em; margin: 2em auto; padding: 0 1em }}
article {{ border: 1px solid; padding: 0 1em; margin: 1em 0 }} a {{ overflow-wrap: anywhere }}</style></head>
<body><h1>Mail of the demonstration</h1>
<p>Nothing was sent. The newest mail comes first. Load this page again to see more.</p>
{articles}
</body>
</html>
"""


class ShownMail:
    """A transport (`mail.transport`) that shows each mail."""

    def __init__(self) -> None:
        self._shown: deque[EmailMessage] = deque(maxlen=_MAX_MAILS)

    async def open(self) -> None:
        """There is nothing to connect to."""

    async def send(self, message: EmailMessage, recipient: str, require_lease: RequireLease | None = None) -> Outcome:
        if require_lease is not None:
            require_lease()
        self._shown.append(message)
        write_stdout(f"\n--- mail to {recipient}: {message['Subject']}\n\n{_text(message)}---\n")
        return Delivered(status=250, duration_ms=0)

    async def close(self) -> None:
        """There is nothing to end."""

    def page(self) -> bytes:
        """Every mail as HTML, the newest first."""
        articles = "\n".join(_article(message) for message in reversed(self._shown)) or "<p>There is none yet.</p>"
        return _PAGE.format(articles=articles).encode()


def _text(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    text: str = part.get_content() if part is not None else ""
    return "".join(character for character in text if character.isprintable() or character == "\n")


def _article(message: EmailMessage) -> str:
    heading = f"<h2>{escape(message['Subject'])}</h2>\n<p>To: {escape(message['To'])}</p>"
    paragraphs = [_paragraph(each) for each in _text(message).strip().split("\n\n")]
    return "\n".join(["<article>", heading, *paragraphs, "</article>"])


def _paragraph(text: str) -> str:
    words = escape(text)
    is_address = text.startswith("http") and " " not in text
    return f'<p><a href="{words}">{words}</a></p>' if is_address else f"<p>{words}</p>"
