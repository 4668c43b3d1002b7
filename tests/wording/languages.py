"""An invented language, from right to left, in which every message is marked.

It has the plural forms and the lists of Arabic: six forms, and an "and" between all the words of a list.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from tools.messages import TEMPLATE

from capacity_api.wording.language import Language, find_languages

# Not an abbreviation of any language: "ar" for its direction, "XB" for an invented, turned round one.
INVENTED = "ar-XB"


def invented(message: str, form: int | None = None) -> str:
    """The message in brackets, turned round by a mark, with its placeholders as they were.

    A plural form has its number before the words for more than one. Its comma is not the English one.
    """
    number = "" if form is None else f"form {form}: "
    return f"⟦\u200f{number}{message.replace(',', '،')}⟧"


@pytest.fixture(scope="session")
def invented_language(tmp_path_factory: pytest.TempPathFactory) -> Language:
    return invent_language(tmp_path_factory.mktemp("locale"))


def invent_language(folder: Path, otherwise: Mapping[str, str] = MappingProxyType({})) -> Language:
    """The language, from a catalogue that is written into `folder`. `otherwise` has messages that it says otherwise."""
    with TEMPLATE.open("rb") as file:
        translated = read_po(file, locale="ar")
    for message in translated:
        if isinstance(message.id, tuple):
            message.string = tuple(invented(message.id[1], form) for form in range(translated.num_plurals))
        elif message.id:
            assert isinstance(message.id, str)
            message.string = otherwise.get(message.id) or invented(message.id)
    messages_folder = folder / INVENTED / "LC_MESSAGES"
    messages_folder.mkdir(parents=True)
    with (messages_folder / "pages.mo").open("wb") as file:
        write_mo(file, translated)
    english, found = find_languages(folder)
    assert english.tag == "en"
    return found
