"""The one guard before every app: who asks, from where, how much, how often (design: docs/access.md)."""

from apps.guard.gate import Guard
from apps.guard.sign_in import SignIn

__all__ = ["Guard", "SignIn"]
