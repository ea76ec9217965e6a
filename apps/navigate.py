"""Navigate: ask, and see what the answer rests on."""

from __future__ import annotations

from apps import glyphs, pieces
from apps.gradio_setup import gr
from apps.lab import Lab


def build(_lab: Lab) -> None:
    """The room as it is before the engine is connected."""
    gr.HTML(
        pieces.empty_state(
            glyphs.compass(),
            "Ask a question, see what it rests on",
            "Here you put a question or a situation in your own words. The lab looks at the premises in it "
            "first, decides by rules how much can be answered, and only then lets a language model write.",
            [
                "The decision engine, which this version does not contain yet.",
                "A language model is optional: the structure of an answer does not come from one.",
            ],
        )
    )
