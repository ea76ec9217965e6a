"""The Research Report: what the cycles of a range add up to, as Markdown, DOCX or HTML."""
