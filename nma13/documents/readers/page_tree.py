"""The pages of a PDF one at a time. The library would hold an object for each page of the file for good."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nma13.documents.limits import Refused

DEEPEST = 100
REST_EVERY = 25  # pages; then the parsed objects are let go
HANDED_DOWN = ("/Resources", "/MediaBox", "/CropBox", "/Rotate")  # what a page may take from the nodes above it


@dataclass(frozen=True, slots=True)
class Leaf:
    """Where a page stands in the file, and what the nodes above it hand down."""

    reference: Any
    inherited: dict[str, Any]


def leaves(reader: Any, most: int) -> list[Leaf]:
    """All pages in order; more than `most` are refused, and so is a tree that leads back into itself."""
    found: list[Leaf] = []
    root = reader.trailer["/Root"].get_object()
    for leaf in _below(root.raw_get("/Pages"), {}, ()):
        found.append(leaf)
        if len(found) % REST_EVERY == 0:
            reader.resolved_objects.clear()
        if len(found) > most:
            raise Refused(f"It has more than {most:,} pages, the most that is taken. Split it and add the parts.")
    return found


def page_at(reader: Any, leaf: Leaf) -> Any:
    """The page itself, made for now."""
    from pypdf import PageObject

    page = PageObject(reader, leaf.reference)
    for name, value in leaf.inherited.items():
        if name not in page:
            page[_name(name)] = value
    return page


def number_of(found: list[Leaf]) -> dict[int, int]:
    """The page number behind each object number."""
    return {leaf.reference.idnum: number for number, leaf in enumerate(found, 1)}


def _below(node: Any, inherited: dict[str, Any], path: tuple[int, ...]) -> Iterator[Leaf]:
    number = getattr(node, "idnum", None)
    held = node.get_object()
    if number in path or len(path) > DEEPEST:
        raise Refused("Its pages lead in a circle: the file is damaged, or made to do that.")
    if "/Kids" not in held:
        if number is not None:  # a page that stands nowhere of its own cannot be gone back to
            yield Leaf(node, inherited)
        return
    below = inherited | {name: held.raw_get(name) for name in HANDED_DOWN if name in held}
    for kid in list(held["/Kids"]):
        yield from _below(kid, below, (*path, number or 0))


def _name(name: str) -> Any:
    from pypdf.generic import NameObject

    return NameObject(name)
