"""Many texts at once: a file of them through the gates, with progress and a way to stop; no model is asked."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from apps import pieces
from apps.gradio_setup import gr
from apps.html import Html
from apps.html import text as text_of
from nma13.cli.batch import Line, columns, flat, lines_of, row_of
from nma13.kit import default_kit
from nma13.pipeline import run_many
from nma13.semantic import chosen_screen

LIMIT = 20_000
EVERY = 20
COLUMNS = ("routing", "trust", "output_class", "mode", "friction", "red_flags")
FEW = 12


def build() -> None:
    """A section that opens on demand, below the one question."""
    with gr.Accordion("Many texts at once", open=False):
        gr.HTML(
            pieces.panel(
                "What to bring",
                Html(
                    "A .jsonl file with one <code>{&quot;id&quot;, &quot;text&quot;}</code> a line. Every text goes "
                    "through the gates on this machine; nothing is stored."
                ),
            )
        )
        file = gr.File(label="Texts (.jsonl)", file_types=[".jsonl", ".json", ".txt"])
        meaning = gr.Checkbox(label="Second look by meaning (slower)", value=False)
        with gr.Row():
            go = gr.Button("Run the gates", variant="primary")
            stop = gr.Button("Stop")
        told = gr.HTML()
        results = gr.File(label="Results", visible=False, interactive=False)
        begun = go.click(
            _run, [file, meaning], [told, results], show_progress="hidden", concurrency_limit=1,
            api_visibility="private",
        )  # fmt: skip
        stop.click(None, None, None, cancels=[begun], api_visibility="private")


def _run(path: str | None, meaning: bool) -> Iterator[tuple[Any, Any]]:
    """Rows as they come; at the end one JSONL and one table to download."""
    if not path:
        yield pieces.panel("Nothing was run", Html("Choose a file first.")), gr.skip()
        return
    with Path(path).open(encoding="utf-8", errors="replace") as source:
        lines = [line for _, line in zip(range(LIMIT + 1), lines_of(source), strict=False)]
    if not lines or len(lines) > LIMIT:
        why = "The file holds no text." if not lines else f"The file holds more than {LIMIT:,} texts."
        yield pieces.panel("Nothing was run", Html(text_of(f"{why} For more, use ./lab gates in a shell."))), gr.skip()
        return
    rows: list[dict[str, Any]] = []
    kit = default_kit(chosen_screen(None if meaning else "off"))
    texts = (line.text if line.text is not None else " " for line in lines)
    for line, outcome in zip(lines, run_many(texts, kit=lambda: kit), strict=True):
        rows.append(row_of(line, outcome))
        if len(rows) % EVERY == 0:
            yield _progress(rows, len(lines)), gr.skip()
    with tempfile.TemporaryDirectory(prefix="nma-batch-") as folder:  # Gradio hands out copies of its own
        yield _done(rows, lines), gr.update(value=_written(rows, Path(folder)), visible=True)


def _progress(rows: list[dict[str, Any]], total: int) -> Html:
    return pieces.panel(f"{len(rows):,} of {total:,}", pieces.meter(len(rows) / total, "Texts done"))


def _done(rows: list[dict[str, Any]], lines: list[Line]) -> Html:
    refused = [row for row in rows if "error" in row]
    shown = [(str(row["id"]), *(_word(row["summary"][name]) for name in COLUMNS)) for row in rows if "summary" in row]
    title = f"{len(lines):,} texts, {len(refused):,} refused"
    body = pieces.table(("id", *COLUMNS), shown[:FEW], "The first results") if shown else Html("")
    why = "".join(text_of(f"{row['id']}: {row['error']}. ") for row in refused[:FEW])
    return pieces.panel(title, Html(body + (f"<p>{why}</p>" if why else "")))


def _word(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _written(rows: list[dict[str, Any]], folder: Path) -> list[str]:
    whole, table = folder / "gates.jsonl", folder / "gates.csv"
    whole.write_text("".join(json.dumps(row, ensure_ascii=True) + "\n" for row in rows), encoding="utf-8")
    with table.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, columns())
        writer.writeheader()
        writer.writerows(map(flat, rows))
    return [str(whole), str(table)]
