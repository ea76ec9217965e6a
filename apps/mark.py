"""A line above every page that says whose words the data folder holds, where it holds such a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from apps.html import el
from loops.keepsake import MARK

LONGEST = 400


def put_above(blocks: Any, folder: Path) -> None:
    """Shown first on the page, and never covered by what changes below it."""
    from apps.gradio_setup import gr

    words = _read(folder)
    if not words:
        return
    with blocks:
        gr.HTML(el("p", words, class_="made-by", role="note"))
    blocks.children.insert(0, blocks.children.pop())


def _read(folder: Path) -> str:
    try:
        return (folder / MARK).read_text(encoding="utf-8").strip()[:LONGEST]
    except FileNotFoundError:
        return ""
