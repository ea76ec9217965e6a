"""Gradio apps over the engine: one concern a module, one theme, one guard."""
