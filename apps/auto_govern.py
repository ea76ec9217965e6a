"""Auto-Govern: the first gate decides which room a question needs."""

from __future__ import annotations

from apps import glyphs, pieces
from apps.gradio_setup import gr
from apps.lab import Lab


def build(_lab: Lab) -> None:
    """The room as it is before the first gate is connected."""
    gr.HTML(
        pieces.empty_state(
            glyphs.fork(),
            "Let the first gate choose the room",
            "Here you need not know whether a question wants a short answer or a long deliberation. "
            "The first gate reads it, sends it on, and says why.",
            [
                "Its connection to the first gate, which this version does not have yet.",
                "The rooms it sends to: Navigate and Inner House.",
            ],
        )
    )
