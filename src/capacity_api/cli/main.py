"""`capacity-api`: finds the commands. Each fails with one line on stderr and exit code 1, or 2 for wrong usage."""

import importlib
import sys

import click

from capacity_api.errors import BadInput, CapacityError, DatabaseUnavailable

# The module of each command. It is imported only for its command, so that `token` need not import a web server.
_MODULES = {
    "demo": "demo",
    "serve": "server",
    "worker": "webhooks",
    "listen": "webhooks",
    "webhook": "webhooks",
    "responder": "responders",
    "token": "tokens",
    "partner": "owners",
    "person": "people",
    "handover": "tokens",
    "mail": "mail",
    "dispute": "disputes",
    "digest": "digest",
    "audit": "audit",
    "owner": "owners",
    "db": "database",
    "redact": "redaction",
    "backup": "backup",
    "restore": "backup",
    "key": "keys",
    "site": "site",
    "doctor": "doctor",
    "openapi": "server",
}


class _Commands(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        return list(_MODULES)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in _MODULES:
            return None
        command: click.Command = getattr(importlib.import_module(f"capacity_api.cli.{_MODULES[name]}"), name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="capacity-api")
def cli() -> None:
    """Which modern-slavery First Responders can take a referral now.

    \b
    capacity-api demo      a throw-away service with demonstration data
    capacity-api serve     the service itself

    Settings are CAPACITY_* in the environment; docs/settings.md describes them.
    """


def main() -> None:
    try:
        cli(standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except DatabaseUnavailable as error:
        click.echo(f"capacity-api: the database cannot be reached{_reason(error)}", err=True)
        sys.exit(1)
    except CapacityError as error:
        click.echo(f"capacity-api: {_line(error)}", err=True)
        sys.exit(1)


def _reason(error: DatabaseUnavailable) -> str:
    """What the driver says, in one line."""
    # SQLAlchemy's errors hold the driver's.
    cause = getattr(error.__cause__, "orig", None) or error.__cause__
    said = str((cause and cause.__cause__) or cause or "").partition("\n")[0]
    return said and f": {said}"


def _line(error: CapacityError) -> str:
    if isinstance(error, BadInput) and error.errors:
        return f"{error.title}: " + "; ".join(f"{fault.pointer} {fault.detail}" for fault in error.errors)
    return error.detail
