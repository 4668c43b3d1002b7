"""`capacity-api responder report`, `edit` and `delist`: what a coordinator does for a responder."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.listed import postgresql_template, sqlite_template
from tests.processes import environment, run

from capacity_api.cli.responders import responder
from capacity_api.clock import utc_now
from capacity_api.domain.contact import ContactRequest
from capacity_api.domain.remit import Remit
from capacity_api.operations.responders import ResponderPatch

__all__ = ["postgresql_template", "sqlite_template"]


@pytest.fixture
def env(database_url: str) -> dict[str, str]:
    return environment(database_url, write_limit="0")


async def shown(env: dict[str, str], *arguments: str) -> dict[str, Any]:
    """What the command prints as JSON."""
    code, out, err = await run("responder", *arguments, "--json", env=env)
    assert code == 0, err
    printed: dict[str, Any] = json.loads(out)
    return printed


def said(err: str) -> list[str]:
    """What is said to people on standard error. The log is JSON here."""
    return [line for line in err.splitlines() if not line.startswith("{")]


async def test_what_the_telephone_said_is_published_as_told_by_a_coordinator(env: dict[str, str]) -> None:
    options = ("--exception", "detention", "--exception", "self_referral", "--reason", "staffing", "--note", "Full.")
    code, out, err = await run("responder", "report", "tara", "--state", "paused", *options, env=env)
    assert (code, said(err)) == (0, [])
    first, *sentences = [line.strip() for line in out.splitlines()]
    assert first == "the public reads of TARA:"
    assert sentences[:2] == [
        "Paused: not taking new people.",
        "It still takes people who get in touch themselves and people in detention.",
    ]
    assert sentences[-1].startswith("We were told this on ")
    _, out, _ = await run("responder", "list", "--json", env=env)
    (tara,) = [each for each in json.loads(out) if each["slug"] == "tara"]
    assert tara["intake"]["said_by"] == "coordinator"
    assert tara["intake"]["report"]["exceptions"] == ["self_referral", "detention"]
    # The whole report is replaced.
    opened = await shown(env, "report", "tara", "--state", "open")
    assert (opened["intake"]["state"], opened["intake"]["report"]["note"]) == ("open", None)
    waiting = await shown(env, "report", "tara", "--state", "waiting_list", "--reopens-on", _in_a_month())
    assert waiting["intake"]["report"]["reopens_on"] == _in_a_month()


def _in_a_month() -> str:
    return str((utc_now() + timedelta(days=30)).date())


async def test_only_what_is_named_changes(env: dict[str, str]) -> None:
    source = ("--source-name", "Its own site", "--source-url", "https://example.org/contact")
    first = await shown(
        env, "edit", "tara", "--phone", "0808 808 3733", "--email", "help@example.org", "--all-hours", *source
    )
    contact = first["contact"]
    assert contact["phone"]["dial"] == "+448088083733"
    assert (contact["email"], contact["all_hours"]) == ("help@example.org", True)
    assert (contact["source"]["name"], contact["source"]["url"]) == ("Its own site", "https://example.org/contact")
    hours = await shown(
        env,
        *(
            "edit",
            "tara",
            "--hours",
            "Mondays",
            "--language",
            "vi",
            "--language",
            "sq",
            "--website",
            "https://tara.example/",
        ),
    )
    assert hours["contact"] == {**contact, "hours": "Mondays", "languages": ["vi", "sq"]}
    assert (hours["website"], hours["remit"], hours["name"]) == ("https://tara.example/", first["remit"], "TARA")
    empty = await shown(env, "edit", "tara", "--phone", "", "--not-all-hours", "--language", "")
    assert empty["contact"] == {**hours["contact"], "phone": None, "all_hours": None, "languages": []}
    dated = await shown(env, "edit", "tara", "--source-checked-on", "2026-11-01")
    assert dated["contact"]["source"] == {**contact["source"], "checked_on": "2026-11-01"}
    own = await shown(env, "edit", "tara", "--no-source", "--name", "TARA Service")
    assert (own["contact"]["source"], own["name"]) == (None, "TARA Service")
    assert (await shown(env, "edit", "tara"))["sequence"] == own["sequence"]


async def test_every_part_of_the_remit_can_be_changed(env: dict[str, str]) -> None:
    first = (await shown(env, "edit", "tara", "--website", "https://example.org/"))["remit"]
    source = ("--remit-source-title", "Its own site", "--remit-source-published", "2026-11")
    after = await shown(
        env,
        *("edit", "tara", "--area", "wales", "--area", "E12000007", "--exploitation-type", "labour"),
        *("--age-group", "child", "--gender", "woman", "--existing-clients-only", "--remit-note", "By appointment."),
        *("--published-geography", "Wales and London", *source, "--remit-source-url", "https://example.org/remit"),
    )
    remit = after["remit"]
    assert [area["name"] for area in remit["areas"]] == ["Wales", "London"]
    assert (remit["exploitation_types"], remit["age_groups"], remit["genders"]) == (["labour"], ["child"], ["woman"])
    assert (remit["existing_clients_only"], remit["note"]) == (True, "By appointment.")
    assert remit["as_published"] == {**first["as_published"], "geography": "Wales and London"}
    assert remit["source"] == {
        "title": "Its own site",
        "published": "2026-11",
        "url": "https://example.org/remit",
    }
    assert (await shown(env, "edit", "tara", "--hours", "Mondays"))["remit"] == remit
    last = await shown(env, "edit", "tara", "--not-existing-clients-only", "--remit-note", "", "--no-remit-source")
    assert last["remit"] == {**remit, "existing_clients_only": False, "note": None, "source": None}


def test_every_field_that_the_api_changes_has_an_option() -> None:
    """Red for a new field of `ResponderPatch` without an option here."""
    options = {each.name for each in responder.commands["edit"].params}
    flat = {
        {"contact/source": "source_name", "remit/note": "remit_note", "remit/source": "remit_source_title"}.get(
            path, "published_geography" if path == "remit/as_published" else path.rpartition("/")[2]
        )
        for path in _fields_of(ResponderPatch)
    }
    assert flat <= options, flat - options


def _fields_of(struct: type[msgspec.Struct], inside: str = "") -> Iterator[str]:
    inner: dict[str, type[msgspec.Struct]] = {"contact": ContactRequest, "remit": Remit}
    for name in struct.__struct_fields__:
        if not inside and name in inner:
            yield from _fields_of(inner[name], f"{name}/")
        else:
            yield f"{inside}{name}"


async def test_whose_word_a_contact_is_must_be_thought_of(env: dict[str, str]) -> None:
    code, out, err = await run("responder", "edit", "tara", "--phone", "0808 808 3733", env=env)
    assert (code, out) == (0, "changed tara\n")
    assert said(err) == [
        "the page shows this as the responder's own contact; --source-name and --source-url say where you found it"
    ]
    source = (
        "--source-name",
        "Its own site",
        "--source-url",
        "https://example.org/",
        "--source-checked-on",
        "2026-11-01",
    )
    _, _, err = await run("responder", "edit", "tara", *source, env=env)
    assert said(err) == []
    _, _, err = await run("responder", "edit", "tara", "--hours", "Mondays", env=env)
    assert said(err) == [
        "the page says that this is from Its own site, on 2026-11-01; --source-checked-on, or --no-source if the "
        "responder itself told you, puts that right"
    ]


async def test_a_delisted_responder_is_not_listed_and_its_tokens_end(env: dict[str, str]) -> None:
    assert await shown(env, "delist", "tara") == {"slug": "tara", "delisted": True}
    _, out, _ = await run("responder", "list", "--json", env=env)
    assert "tara" not in [each["slug"] for each in json.loads(out)]
    code, out, _ = await run("responder", "delist", "kalayaan", env=env)
    assert (code, out) == (0, "delisted kalayaan: the directory does not show it, and none of its tokens holds\n")
    _, out, _ = await run("owner", "list", "--json", env=env)
    assert {each["slug"] for each in json.loads(out) if each["suspended"]} == {"tara", "kalayaan"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("report", "nobody", "--state", "open"), 1, "No responder 'nobody' is listed"),
        (("report", "tara"), 2, "Missing option '--state'"),
        (("report", "tara", "--state", "unconfirmed"), 2, "'unconfirmed' is not one of"),
        (("report", "tara", "--state", "paused", "--reopens-on", "tomorrow"), 2, "does not match the format"),
        (("report", "tara", "--state", "paused", "--reopens-on", "2020-01-01"), 1, "/reopens_on"),
        (("delist", "nobody"), 1, "No responder 'nobody' is listed"),
        (("edit", "nobody", "--hours", "Mondays"), 1, "No responder 'nobody' is listed"),
        (("edit", "tara", "--phone", "1"), 1, "/contact/phone"),
        (("edit", "tara", "--name", ""), 1, "/name"),
        (("edit", "tara", "--source-name", "Its own site"), 2, "a source has --source-name and --source-url"),
        (("edit", "tara", "--area", "Wale"), 1, "/remit/areas/0 unknown code 'Wale'; use K02000001"),
        (("edit", "kalayaan", "--no-remit-source", "--remit-source-title", "x"), 2, "not both"),
        (("edit", "tara", "--no-source", "--source-url", "https://example.org/"), 2, "not both"),
    ],
)
async def test_a_refusal_is_one_line(env: dict[str, str], arguments: tuple[str, ...], code: int, text: str) -> None:
    found, out, err = await run("responder", *arguments, env=env)
    assert (found, out) == (code, "")
    assert text in err
    if code == 1:
        assert len(said(err)) == 1, err
