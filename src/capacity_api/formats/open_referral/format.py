"""Open Referral UK as a format: what the static site has of it, which is every answer that needs no query."""

from collections.abc import Callable, Mapping
from functools import partial

from msgspec import UNSET

from capacity_api.formats.format import Format
from capacity_api.formats.open_referral.services import About, page, represent_service, summarise_service
from capacity_api.formats.open_referral.taxonomies import TAXONOMIES, TERMS, without_terms
from capacity_api.representations.encoding import encode
from capacity_api.snapshot.resource import Resource
from capacity_api.snapshot.snapshot import Snapshot

PATH = "/open-referral-uk"
_DEFAULT_PER_PAGE = 50


def _files(snapshot: Snapshot) -> Mapping[str, Callable[[], Resource]]:
    """The first page of each list, and each item, by path."""
    demonstration = snapshot.demonstration
    responders = list(snapshot.responders.values())
    answers: dict[str, Callable[[], object]] = {
        "": lambda: About(demonstration=True if demonstration else UNSET),
        "/services": lambda: page(responders, summarise_service, 1, _DEFAULT_PER_PAGE, demonstration=demonstration),
        "/taxonomies": lambda: page(list(TAXONOMIES.values()), without_terms, 1, _DEFAULT_PER_PAGE),
        "/taxonomy_terms": lambda: page(list(TERMS.values()), lambda term: term, 1, _DEFAULT_PER_PAGE),
        "/service_at_locations": lambda: page([], represent_service, 1, _DEFAULT_PER_PAGE),
    }
    answers |= {f"/services/{each.id}": partial(represent_service, each) for each in responders}
    answers |= {f"/taxonomies/{each}": partial(TAXONOMIES.__getitem__, each) for each in TAXONOMIES}
    answers |= {f"/taxonomy_terms/{each}": partial(TERMS.__getitem__, each) for each in TERMS}
    return {PATH + path: partial(_resource, answer) for path, answer in answers.items()}


def _resource(answer: Callable[[], object]) -> Resource:
    return Resource(encode(answer()))


OPEN_REFERRAL = Format(name="open_referral", files=_files, folders=frozenset({PATH, f"{PATH}/services"}))
