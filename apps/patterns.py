"""Patterns: what was learned, from which episodes, and the switch to turn it off."""

from __future__ import annotations

from apps import glyphs, pieces
from apps.gradio_setup import gr
from apps.lab import Lab


def build(_lab: Lab) -> None:
    """The room as it is before anything is learned."""
    gr.HTML(
        pieces.empty_state(
            glyphs.weave(),
            "What has been learned, and from what",
            "When decisions repeat, a rule can be learned from them. Here each learned rule stands beside "
            "the episodes it came from, and can be turned off.",
            [
                "Learning from episodes, which this version does not contain yet.",
                "Enough episodes of one kind: a rule from few cases would be a guess.",
            ],
        )
    )
