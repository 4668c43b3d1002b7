"""The tables of a page, as rows of cells."""

from html.parser import HTMLParser

Rows = list[list[str]]


class _Tables(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, Rows] = {}
        self._rows: Rows = []
        self._caption = ""
        self._tag: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._rows, self._caption = [], ""
        elif tag == "tr":
            self._rows.append([])
        elif tag in {"th", "td", "caption"}:
            self._tag = tag
            if tag != "caption":
                self._rows[-1].append("")
            if tag == "th":
                assert dict(attrs).get("scope") in {"col", "row", "rowgroup"}, "a heading says of what"

    def handle_endtag(self, tag: str) -> None:
        if tag in {"th", "td", "caption"}:
            self._tag = None
        elif tag == "table":
            assert self._caption
            assert self._caption not in self.found
            self.found[self._caption] = [[" ".join(cell.split()) for cell in row] for row in self._rows]

    def handle_data(self, data: str) -> None:
        if self._tag == "caption":
            self._caption += data
        elif self._tag is not None:
            self._rows[-1][-1] += data


def tables_of(page: str) -> dict[str, Rows]:
    """The rows of each table by its caption. Every table must have one, and every heading its scope."""
    parser = _Tables()
    parser.feed(page.replace("\u00a0", " "))
    return parser.found
