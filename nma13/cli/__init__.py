"""The engine's own command line. `python -m nma13.cli "text"` navigates; its words are also words of ./lab."""
