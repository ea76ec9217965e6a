"""What the timeline gallery shows, each part a function from values to HTML; no Gradio in here."""
