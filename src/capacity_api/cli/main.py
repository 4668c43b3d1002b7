"""`capacity-api`: finds the commands. Each fails with one line on stderr and an exit code (`cli/exit_codes.py`)."""

import difflib
import importlib
import os
import sys

import click
from click.shell_completion import CompletionItem

from capacity_api.cli.exit_codes import exit_code
from capacity_api.cli.help_examples import add_examples
from capacity_api.db.outages import explain_in_full
from capacity_api.errors import BadInput, CapacityError, DatabaseUnavailable, NotFound

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
    "docs": "manual",
    "completion": "completion",
}


# What has a command that lists it.
_LISTED = frozenset({"dispute", "owner", "partner", "person", "responder", "token", "webhook"})


class _Commands(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        return list(_MODULES)

    def shell_complete(self, context: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names and options. To describe each command it would have to be imported, which takes a second."""
        names = [CompletionItem(name) for name in _MODULES if name.startswith(incomplete)]
        return names + click.Command.shell_complete(self, context, incomplete)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in _MODULES:
            return None
        command: click.Command = getattr(importlib.import_module(f"capacity_api.cli.{_MODULES[name]}"), name)
        add_examples(command, name)
        return command

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = click.utils.make_str(args[0])
        if name not in _MODULES and not name.startswith("-"):
            near = difflib.get_close_matches(name, _MODULES, 1)
            guess = f". Did you mean '{near[0]}'?" if near else ""
            context.fail(f"No such command '{name}'{guess}")
        return super().resolve_command(context, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="capacity-api")
def cli() -> None:
    """Which modern-slavery First Responders can take a referral now.

    \b
    capacity-api demo      a throw-away service with demonstration data
    capacity-api serve     the service itself

    Settings are CAPACITY_* in the environment: `capacity-api docs settings` describes them.

    \b
    Exit codes: 0 done; 1 refused, or `doctor` found something wrong; 2 wrong usage;
    10 to 28 the database cannot be used; 40 to 48 the wrong database or key.
    `capacity-api docs errors` has each of them, with what to do (docs/operate/errors.md).
    """


def main() -> None:
    try:
        cli(standalone_mode=False, prog_name="capacity-api")
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        click.echo(f"capacity-api: {_usage_line(error)}", err=True)
        sys.exit(error.exit_code)
    except CapacityError as error:
        click.echo(f"capacity-api: {_line(error)}", err=True)
        sys.exit(exit_code(error))
    except BrokenPipeError:
        # What read our output has ended, such as `head`. Python would complain when it flushes the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _usage_line(error: click.ClickException) -> str:
    """What was wrong with the call, and where the right one is described."""
    message = " ".join(error.format_message().split()).rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is None:
        return message
    see = " See" if message.endswith(("?", ")")) else "; see"
    return f"{message}{see} `{context.command_path} --help`"


def _line(error: CapacityError) -> str:
    if isinstance(error, DatabaseUnavailable):
        return explain_in_full(error)
    if isinstance(error, NotFound):
        return error.detail + _where_to_look(error.detail)
    if isinstance(error, BadInput) and error.errors:
        return f"{error.title}: " + "; ".join(f"{fault.pointer} {fault.detail}" for fault in error.errors)
    return error.detail


def _where_to_look(detail: str) -> str:
    """Which command lists those that there are."""
    named = next((word for word in detail.lower().split() if word in _LISTED), None)
    return "" if named is None or detail.endswith("?") else f"; `capacity-api {named} list` shows those that there are"
