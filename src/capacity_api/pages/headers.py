"""The headers of the pages: what a browser may do with them."""

import base64
import hashlib
import re

# Other sites cannot read a page, and a linked site does not learn where its link was followed.
HEADERS = (
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
)

_STYLE = re.compile(rb"<style>(.*?)</style>", re.DOTALL)


def page_headers(*bodies: bytes) -> tuple[tuple[str, str], ...]:
    """The headers of a page, or of any of several, beside its content type and `Cache-Control: no-store`."""
    return (*HEADERS, ("content-security-policy", content_security_policy(*bodies)))


def content_security_policy(*bodies: bytes) -> str:
    """Allow the page's own styles and its icon. A page with scripts may load them from this server, and call it alone.

    Trusted Types: a script cannot turn text into markup.
    """
    # The styles and the scripts are in the head; the body may be long.
    heads = b"".join(body.partition(b"</head>")[0] for body in bodies)
    digests = {base64.b64encode(hashlib.sha256(style).digest()).decode(): None for style in _STYLE.findall(heads)}
    styles = " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"
    scripts = "script-src 'self'; connect-src 'self'; " if b"<script " in heads else ""
    # Only a page with a form that the browser sends itself may send one, and only here. No text can hold these quotes.
    forms = "'self'" if any(b' method="post"' in body for body in bodies) else "'none'"
    return (
        f"default-src 'none'; style-src {styles}; {scripts}img-src data:; require-trusted-types-for 'script'; "
        f"base-uri 'none'; form-action {forms}; frame-ancestors 'none'"
    )
