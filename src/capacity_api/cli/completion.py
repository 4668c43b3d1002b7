"""`capacity-api completion`: what makes a shell complete our commands, options and allowed values."""

import click
from click.shell_completion import get_completion_class

from capacity_api.errors import ConfigurationError

_SHELLS = ("bash", "zsh")
# A zsh without a configuration of its own has no `compdef` yet. The first line has to stay the first.
_NEEDS_COMPDEF = (
    "#compdef capacity-api\n",
    "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i; }\n",
)
# As click derives it from the name of the program.
_VARIABLE = "_CAPACITY_API_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion of a SHELL, which is bash or zsh, to be read by it when it starts.

    It asks `capacity-api` itself what may follow. It reads no database.
    """
    kind = get_completion_class(shell)
    root = context.find_root()
    assert kind is not None
    try:
        source = kind(root.command, {}, "capacity-api", _VARIABLE).source()
    except OSError as error:
        raise ConfigurationError(f"{shell} is not installed here: {error.strerror}") from None
    first, before = _NEEDS_COMPDEF
    click.echo(source.replace(first, first + before), nl=False)
