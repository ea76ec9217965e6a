"""Inner House: seven stations, three rounds, one real problem."""

from __future__ import annotations

from apps import glyphs, pieces
from apps.gradio_setup import gr
from apps.lab import Lab


def build(_lab: Lab) -> None:
    """The room as it is before the deliberation is connected."""
    gr.HTML(
        pieces.empty_state(
            glyphs.house(),
            "Seven voices on one problem",
            "Here seven stations look at one problem of yours: each alone, then against each other, then "
            "again. What they cannot settle is carried, not smoothed over.",
            [
                "The deliberation of the seven stations, which this version does not contain yet.",
                "A language model on this machine.",
            ],
        )
    )
