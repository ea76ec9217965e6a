"""Loop Feed: the latest cycles of the research loops."""

from __future__ import annotations

from apps import glyphs, pieces
from apps.gradio_setup import gr
from apps.lab import Lab


def build(lab: Lab) -> None:
    """The room as it is before any loop has run."""
    gr.HTML(
        pieces.empty_state(
            glyphs.pulse(),
            "The latest from the loops",
            "Research loops are processes that deliberate on written scenarios for days. Here you read their "
            "latest cycles as they were written, by loop and by kind of scenario.",
            [
                "The research loops, which this version does not contain yet.",
                ["What they write lies in your data folder, ", pieces.code(str(lab.data)), "."],
            ],
        )
    )
