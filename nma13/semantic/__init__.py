"""The second look by meaning: it may raise caution and can do nothing else."""

from nma13.semantic.screen import SemanticScreen, available, chosen_screen

__all__ = ["SemanticScreen", "available", "chosen_screen"]
