"""A page, parsed as a browser would."""

from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "img", "input"}
BLOCKS = {"p", "h1", "h2", "h3", "h4", "li", "dt", "dd", "div", "section", "article", "summary", "pre"}


class Parsed(HTMLParser):
    """The text, the elements with their attributes, and whether every element was closed in the right order."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._unclosed: list[str] = []
        self.feed(page.decode())
        assert self._unclosed == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._unclosed.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._unclosed.pop() == tag
        if tag in BLOCKS:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if self._unclosed and self._unclosed[-1] not in {"style", "title"}:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).replace("\u00a0", " ").split())

    def links(self) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == "a"]
