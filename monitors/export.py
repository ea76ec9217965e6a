"""Cycles as CSV or JSON, written row after row into a file, so that a million cycles need no more memory than ten."""

from __future__ import annotations

import csv
import json
import os
import secrets
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from apps.gradio_setup import gr
from monitors.kit import Room
from monitors.read.history import Filter, everything, outputs_of
from monitors.read.place import look
from nma13.store import LoopTables

Form = Literal["csv", "json"]


def buttons(room: Room, wishes: Sequence[Any], filter_of: Callable[..., Filter]) -> None:
    """One click each: the file is written, then the browser fetches it."""
    with gr.Row(elem_classes="pager"):
        every_word = gr.Checkbox(False, label="with every word that was said", container=False, min_width=220, scale=0)
        for form in ("csv", "json"):
            begin = gr.Button(f"Export {form.upper()}", elem_classes="quiet")

            def made(every_word: bool, *values: Any, form: Form = form) -> str:  # type: ignore[assignment]
                return str(export(room, filter_of(*values), form, every_word=every_word))

            fetched(begin, made, [every_word, *wishes], f"fetch-{form}")


def fetched(begin: Any, made: Callable[..., str], inputs: Sequence[Any], name: str) -> None:
    """A button whose handler returns a file's path; the file is then downloaded without a second click."""
    file = gr.DownloadButton("", visible="hidden", elem_id=name)
    done = begin.click(
        made, inputs, file, queue=True, show_progress="minimal", api_visibility="private", concurrency_limit=2
    )
    done.success(None, None, None, js=FETCH % name, api_visibility="private")


# The link's new address is on the page a moment after the answer; a link without one has nothing to fetch yet.
FETCH = """() => { const go = (left) => {
  const found = document.querySelector("#%s");
  const link = found?.closest("a[href]") ?? found?.querySelector("a[href]") ?? found;
  if (link?.href || !left) link?.click(); else setTimeout(go, 50, left - 1); }; setTimeout(go, 150, 60); }"""


def export(room: Room, wish: Filter, form: Form, *, every_word: bool) -> Path:
    """Everything that fits `wish`, in a file of its own."""
    path = new_file(f"{room.loop.source}-cycles{'-whole' if every_word else ''}.{form}")
    with look(room.place) as connection, path.open("w", encoding="utf-8", newline="") as out:
        if form == "csv":
            rows = words(connection, room.loop, wish) if every_word else plain(everything(connection, room.loop, wish))
            write_csv(out, rows)
        else:
            write_json(
                out,
                with_words(connection, room.loop, wish)
                if every_word
                else plain(everything(connection, room.loop, wish)),
            )
    return path


def new_file(name: str) -> Path:
    """In the folder of this user's uploads, which is cleaned once a day; nobody can guess its address."""
    root = Path(os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir())
    folder = root / secrets.token_hex(16)
    folder.mkdir(mode=0o700, parents=True)
    return folder / name


def plain(rows: Iterator[sqlite3.Row]) -> Iterator[dict[str, Any]]:
    return (dict(row) for row in rows)


def words(connection: sqlite3.Connection, loop: LoopTables, wish: Filter) -> Iterator[dict[str, Any]]:
    """One row an output, with its cycle's outcome beside it."""
    for row in everything(connection, loop, wish):
        for output in outputs_of(connection, loop, row["cycle"]):
            yield {**dict(output), "scenario_type": row["scenario_type"], "friction_type": row["friction_type"]}


def with_words(connection: sqlite3.Connection, loop: LoopTables, wish: Filter) -> Iterator[dict[str, Any]]:
    """One object a cycle, its outputs within it."""
    for row in everything(connection, loop, wish):
        yield {**dict(row), "outputs": [dict(output) for output in outputs_of(connection, loop, row["cycle"])]}


def write_csv(out: Any, rows: Iterator[dict[str, Any]]) -> None:
    """What begins like a formula is quoted, because spreadsheets would run it; nothing else is changed."""
    writer = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(out, list(row))
            writer.writeheader()
        writer.writerow({name: _harmless(value) for name, value in row.items()})


def write_json(out: Any, rows: Iterator[dict[str, Any]]) -> None:
    """An array, one object a line."""
    out.write("[")
    for at, row in enumerate(rows):
        out.write(",\n" if at else "\n")
        json.dump(row, out, ensure_ascii=False)
    out.write("\n]\n")


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
