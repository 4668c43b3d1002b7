"""An example of each command, which its `--help` ends with. `tests/test_help.py` runs them, in this order."""

from collections.abc import Mapping
from types import MappingProxyType

import click

# ID stands for one that the command's `list` prints.
EXAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "demo": "capacity-api demo --port 8080",
        "db create": "capacity-api db create",
        "db check": "capacity-api db check",
        "db current": "capacity-api db current",
        "db upgrade": "capacity-api db upgrade",
        "db rebuild": "capacity-api db rebuild",
        "serve": "capacity-api serve --host 127.0.0.1 --port 8000",
        "worker": "capacity-api worker",
        "key": "capacity-api key",
        "key reseal": "capacity-api key reseal",
        "doctor": "capacity-api doctor --offline",
        "responder list": "capacity-api responder list",
        "responder add": "capacity-api responder add responder.json",
        "responder import": "capacity-api responder import responders.csv --dry-run",
        "responder edit": 'capacity-api responder edit tara --phone "0800 808 3733" --no-source',
        "responder report": "capacity-api responder report tara --state paused --reason staffing",
        "responder chase": "capacity-api responder chase tara",
        "token issue": "capacity-api token issue --responder tara --label desk",
        "token list": "capacity-api token list",
        "token rotate": "capacity-api token rotate ID --overlap-hours 48",
        "token review": "capacity-api token review --keep-all",
        "token revoke": "capacity-api token revoke ID",
        "partner add": 'capacity-api partner add "Case tool"',
        "partner list": "capacity-api partner list",
        "person add": "capacity-api person add desk@charity.example --responder tara",
        "person invite": "capacity-api person invite lead@charity.example --responder tara --role editor",
        "person list": "capacity-api person list --responder tara",
        "person remove": "capacity-api person remove ID",
        "handover": "capacity-api handover --responder tara --label desk",
        "mail list": "capacity-api mail list --status waiting",
        "dispute list": "capacity-api dispute list --limit 10",
        "digest": "capacity-api digest --days 7",
        "audit": "capacity-api audit --action token --from 2026-11-01",
        "owner list": "capacity-api owner list",
        "owner suspend": 'capacity-api owner suspend --partner "Case tool"',
        "owner resume": 'capacity-api owner resume --partner "Case tool"',
        "listen": "capacity-api listen --port 8001 --secret-file secret.txt",
        "webhook list": "capacity-api webhook list --status disabled",
        "webhook show": "capacity-api webhook show ID",
        "webhook test": "capacity-api webhook test ID --type intake.paused",
        "webhook disable": "capacity-api webhook disable ID",
        "webhook enable": "capacity-api webhook enable ID --no-replay",
        "redact": "capacity-api redact tara --field report.note --from 1",
        "site build": "capacity-api site build public-site",
        "site headers": "capacity-api site headers",
        "openapi": "capacity-api openapi",
        "docs": "capacity-api docs backup",
        "completion": "capacity-api completion bash",
        "db copy": "capacity-api db copy sqlite:///capacity.db postgresql://capacity@db/capacity",
        "backup": "capacity-api backup capacity.backup",
        "restore": "capacity-api restore capacity.backup --keep-tokens",
        "db restored": "capacity-api db restored --keep-tokens",
        "responder delist": "capacity-api responder delist tara",
    }
)


def add_examples(command: click.Command, path: str) -> None:
    """Let the help of a command, and of those inside it, end with its example."""
    if path in EXAMPLES:
        command.epilog = f"\b\nExample:\n  {EXAMPLES[path]}"
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            add_examples(inner, f"{path} {name}")
