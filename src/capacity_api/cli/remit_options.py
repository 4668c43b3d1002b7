"""The options of `responder edit` that change the remit: what is not given stays as it is."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import click
import msgspec

from capacity_api.domain.areas import area_code
from capacity_api.domain.codes import ALL, UNKNOWN
from capacity_api.domain.remit import AgeGroup, AsPublished, ExploitationType, Gender, Remit, Source

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--area", "areas", multiple=True, metavar="AREA", help="A name or code, such as Wales; repeat."),
    click.option(
        "--exploitation-type",
        "exploitation_types",
        multiple=True,
        type=click.Choice([*(each.value for each in ExploitationType), ALL, UNKNOWN]),
        help="What people it takes have been through; repeat.",
    ),
    click.option(
        "--age-group",
        "age_groups",
        multiple=True,
        type=click.Choice([*(each.value for each in AgeGroup), ALL]),
        help="Whom it takes, by age; repeat.",
    ),
    click.option(
        "--gender",
        "genders",
        multiple=True,
        type=click.Choice([*(each.value for each in Gender), ALL]),
        help="Whom it takes, by gender; repeat.",
    ),
    click.option(
        "--existing-clients-only/--not-existing-clients-only", default=None, help="It takes only people it knows."
    ),
    click.option("--remit-note", metavar="TEXT", help="What else there is to know of its remit."),
    click.option("--published-geography", metavar="TEXT", help="The source's own words for where it helps."),
    click.option("--published-exploitation", metavar="TEXT", help="The source's own words for exploitation."),
    click.option("--published-demographic", metavar="TEXT", help="The source's own words for whom it helps."),
    click.option("--published-limitation", metavar="TEXT", help="The source's own words for a limit."),
    click.option("--remit-source-title", metavar="TEXT", help="The publication that the remit comes from."),
    click.option("--remit-source-published", metavar="DATE", help="When it was published: 2024, 2024-07 or a day."),
    click.option("--remit-source-url", metavar="URL", help="Where it can be read."),
    click.option("--no-remit-source", is_flag=True, help="The remit comes from no publication."),
)
_PUBLISHED = "published_"
_SOURCE = "remit_source_"
# The names under which click passes the options on.
_NAMES = (
    "areas",
    "exploitation_types",
    "age_groups",
    "genders",
    "existing_clients_only",
    "remit_note",
    "published_geography",
    "published_exploitation",
    "published_demographic",
    "published_limitation",
    "remit_source_title",
    "remit_source_published",
    "remit_source_url",
    "no_remit_source",
)


class RemitOptions(msgspec.Struct, frozen=True):
    """The options that were given, by name. An empty text removes what stood."""

    given: dict[str, Any]

    def change(self, remit: Remit) -> Remit:
        """The remit with what was given. Raises `UsageError`."""
        named = {name: self.given[name] for name in Remit.__struct_fields__ if name in self.given}
        if "areas" in named:
            named["areas"] = tuple(area_code(each) for each in named["areas"])
        if "remit_note" in self.given:
            named["note"] = self.given["remit_note"] or None
        words = {name: value or None for name, value in self._below(_PUBLISHED).items()}
        if words:
            named["as_published"] = msgspec.structs.replace(remit.as_published or AsPublished(), **words)
        if self.given.get("no_remit_source"):
            named["source"] = None
        source = self._below(_SOURCE)
        if source:
            named["source"] = self._change_source(remit.source, source)
        return msgspec.structs.replace(remit, **named)

    def _change_source(self, seen: Source | None, given: dict[str, Any]) -> Source:
        if self.given.get("no_remit_source"):
            raise click.UsageError("give --no-remit-source or a source, not both")
        if "url" in given:
            given["url"] = given["url"] or None
        if seen is not None:
            return msgspec.structs.replace(seen, **given)
        if not {"title", "published"} <= given.keys():
            raise click.UsageError("a source has --remit-source-title and --remit-source-published")
        return Source(**given)

    def _below(self, prefix: str) -> dict[str, Any]:
        return {name.removeprefix(prefix): value for name, value in self.given.items() if name.startswith(prefix)}


def remit_options(command: Command) -> Command:
    """Give a command these options; it takes them as `remit_options`."""

    @wraps(command)
    def with_remit(**options: Any) -> Any:
        values = {name: options.pop(name) for name in _NAMES}
        given = {name: value for name, value in values.items() if value is not None and value != ()}
        return command(remit_options=RemitOptions(given), **options)

    decorated: Callable[..., Any] = with_remit
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return cast(Command, decorated)
