"""Documents: texts a decision may rest on."""

from __future__ import annotations

from apps import glyphs, pieces
from apps.gradio_setup import gr
from apps.lab import Lab


def build(lab: Lab) -> None:
    """The room as it is before documents can be taken in."""
    gr.HTML(
        pieces.empty_state(
            glyphs.page(),
            "Texts that answers may rest on",
            "Here you give the lab documents to draw on, search in them, and take them out again. "
            "What an answer takes from a document is quoted with its place.",
            [
                "The document store, which this version does not contain yet.",
                ["Documents stay on this machine, in ", pieces.code(str(lab.data)), "."],
            ],
        )
    )
