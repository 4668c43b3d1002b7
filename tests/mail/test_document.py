"""The document about mail names what the code has."""

import re
from pathlib import Path

from capacity_api.domain.mail import MailKind

DOCUMENT = (Path(__file__).parents[2] / "docs" / "operate" / "mail.md").read_text()


def test_every_kind_of_mail_is_in_the_document() -> None:
    _, _, section = DOCUMENT.partition("\n## What is sent when\n")
    rows = re.findall(r"^\| `([a-z_]+)` \|", section.partition("\n## ")[0], re.MULTILINE)
    assert sorted(rows) == sorted(MailKind)


def test_every_reason_for_an_unreachable_server_is_in_the_document() -> None:
    source = (Path(__file__).parents[2] / "src" / "capacity_api" / "mail" / "smtp.py").read_text()
    _, _, words = source.partition("\ndef _word(")
    returned = set(re.findall(r'"([a-z_]+)"', words.partition("\ndef ")[0]))
    returned |= set(re.findall(r'ServerUnavailable\("([a-z_]+)"\)', source))
    (line,) = [line for line in DOCUMENT.splitlines() if "`mail.unreachable`" in line]
    named = set(re.findall(r"`([a-z_]+)`", line.partition("with its `reason`")[2].partition(". ")[0]))
    assert named == returned
