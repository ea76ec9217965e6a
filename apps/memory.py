"""Memory: what the lab has kept, and whether the loops are well."""

from __future__ import annotations

from apps import glyphs, pieces
from apps.gradio_setup import gr
from apps.lab import Lab


def build(lab: Lab) -> None:
    """The room as it is before anything is remembered."""
    gr.HTML(
        pieces.empty_state(
            glyphs.layers(),
            "What the lab remembers",
            "Here you see what has been kept: how much, since when, and the episodes most like a sentence of "
            "yours. You can read all of it, and have any of it forgotten.",
            [
                "Its connection to the store, which this version does not have yet.",
                ["It stays on this machine, in ", pieces.code(str(lab.data)), "."],
            ],
        )
    )
