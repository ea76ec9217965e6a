"""HTML: the words a reader would see. Scripts, styles and hidden text are left out, and that is said."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from html.parser import HTMLParser

from nma13.documents.blocks import Block
from nma13.documents.limits import MEGABYTE, Refused
from nma13.documents.readers import Reading
from nma13.documents.readers.plain import encoding_of

PIECE = 1 << 16
UNSEEN = frozenset(
    ["script", "style", "template", "noscript", "svg", "iframe", "object", "embed", "title", "select", "datalist",
     "math", "canvas"]
)  # fmt: skip
PROGRAMS = frozenset(["script", "iframe", "object", "embed"])
HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)  # fmt: skip
PARTS = HEADINGS | frozenset(
    ["p", "div", "section", "article", "main", "header", "footer", "nav", "aside", "li", "ul", "ol", "dl", "dt", "dd",
     "table", "tr", "blockquote", "pre", "br", "hr", "form", "figure", "figcaption", "address", "details", "summary",
     "body"]
)  # fmt: skip
# Elements whose end may be left out, and what ends them then.
IMPLIED = {
    "p": PARTS,
    "li": frozenset(["li"]),
    "dt": frozenset(["dt", "dd"]),
    "dd": frozenset(["dt", "dd"]),
    "tr": frozenset(["tr"]),
    "td": frozenset(["td", "th", "tr"]),
    "th": frozenset(["td", "th", "tr"]),
}
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:font-size|opacity)\s*:\s*0(?:\.0*)?[a-z%]*\s*(?:;|$)"
)
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)


def read(reading: Reading) -> Iterator[Block]:
    """Paragraphs under their headings."""
    size = reading.file.seek(0, 2)
    reading.file.seek(0)
    if size > reading.limits.markup:
        raise Refused(
            f"The page has {size / MEGABYTE:,.0f} MB; the lab reads web pages up to "
            f"{reading.limits.markup / MEGABYTE:,.0f} MB. Save the part you need."
        )
    decoder = codecs.getincrementaldecoder(_encoding(reading))("replace")
    page = _Page()
    found = False
    while True:
        piece = reading.file.read(PIECE)
        page.feed(decoder.decode(piece, not piece))
        if not piece:
            page.close()
            page.end_part()
        for block in page.taken():
            found = True
            yield block
        reading.progress(reading.file.tell(), size)
        if not piece:
            break
    if page.programs:
        reading.notes.append(f"{page.programs} scripts or embedded programs were left out; none was run.")
    if page.hidden:
        reading.notes.append(f"{page.hidden} hidden parts, which no reader would see, were left out.")
    if not found:
        raise Refused("There is no text in it that a reader would see.")


def _encoding(reading: Reading) -> str:
    """The one its first bytes tell, or the one it names."""
    head = reading.file.read(2048)
    told = encoding_of(reading, quiet=True)
    named = _CHARSET.search(head)
    if not named or told.startswith("utf-16") or told == "utf-8-sig":
        return told
    try:
        name = codecs.lookup(named[1].decode("ascii", "replace")).name
        if "a".encode(name) == b"a":
            return name
    except (LookupError, UnicodeError):
        reading.notes.append("It names an encoding nobody knows; it was read as if it had named none.")
    return told


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.programs = self.hidden = 0
        self._unseen: list[str] = []  # open elements, from the one that hides what is inside
        self._words: list[str] = []
        self._heading: str | None = None
        self._titled = False
        self._blocks: list[Block] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.programs += tag in PROGRAMS
        if tag in VOID:
            self._part(tag)
            return
        if self._unseen and tag in IMPLIED.get(self._unseen[-1], ()):
            self._unseen.pop()
        if self._unseen:
            self._unseen.append(tag)
            return
        given = dict(attrs)
        hidden = "hidden" in given or bool(_HIDDEN.search((given.get("style") or "").lower()))
        self.hidden += hidden
        if hidden or tag in UNSEEN:
            self.end_part()
            self._unseen.append(tag)
            return
        self._part(tag)
        self._titled = self._titled or tag in HEADINGS

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID and tag in UNSEEN:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._unseen:
            if tag in self._unseen:  # what was left open inside is closed with it
                while self._unseen.pop() != tag:
                    continue
                return
            if self._unseen[0] not in IMPLIED or tag not in PARTS:
                return
            self._unseen.clear()  # what is around it has ended, so it has too
        if tag in HEADINGS and self._titled:
            self._heading = " ".join("".join(self._words).split())[:200] or self._heading
            self._titled = False
        self._part(tag)

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._words.append(data)

    def _part(self, tag: str) -> None:
        if tag in PARTS and not self._unseen:
            self.end_part()
        elif tag in ("td", "th"):
            self._words.append(" · " if self._words else "")

    def end_part(self) -> None:
        text = " ".join("".join(self._words).split()).strip("· ")
        self._words = []
        if text:
            self._blocks.append(Block(text, None, self._heading))

    def taken(self) -> list[Block]:
        blocks, self._blocks = self._blocks, []
        return blocks
