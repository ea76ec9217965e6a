"""The governance engine: premises first, structure second, prose last."""

__version__ = "0.1.0"
__all__ = ["__version__"]
