"""Cycle Detail."""
from __future__ import annotations
from apps.gradio_setup import gr
from monitors.kit import Part, Room
def build(room: Room) -> Part:
    n = gr.Number(label="Cycle", precision=0)
    return Part(inputs=[n])
