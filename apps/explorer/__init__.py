"""What the scaling explorer shows, each part a function from values to HTML; no Gradio in here."""
