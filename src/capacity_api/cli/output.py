"""How the commands print their results."""

import json
from typing import Any

import click
import msgspec

from capacity_api.domain.owner import Owner

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def print_json(value: Any) -> None:
    """Print a struct or a list of structs as indented JSON."""
    click.echo(json.dumps(msgspec.to_builtins(value), indent=2, ensure_ascii=False))


def print_table(rows: list[tuple[str, ...]]) -> None:
    """Print rows with their columns aligned."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def owner_name(owner: Owner) -> str:
    """What people know an owner by."""
    return owner.slug or owner.name or owner.type
