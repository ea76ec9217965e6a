"""nanoIM: same transcript, different timing, different action; and tiny models that see the difference."""
