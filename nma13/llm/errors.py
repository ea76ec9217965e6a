"""What can go wrong with a model, each told in words a person can act on."""

from __future__ import annotations

from nma13.errors import LabError, UsageError


class ModelError(LabError):
    """The model could not do what was asked; `partial` is whatever text had arrived before."""

    def __init__(self, message: str, *, partial: str = "") -> None:
        super().__init__(message)
        self.partial = partial


class ModelNotFound(ModelError):
    """The file, folder or model name does not exist here."""


class ModelFileBroken(ModelError):
    """The weights file is cut short, damaged, or not a model at all."""


class ModelServerError(ModelError):
    """A model server refused, lied, fell silent or died."""


class ModelTimeout(ModelError):
    """The answer did not finish in the time the request allowed."""


class ModelUnavailable(ModelError):
    """No model is to run, or what it needs is not installed; structural prose takes its place."""


class UnsupportedRequest(ModelError):
    """This backend cannot keep what the request demands (a grammar, for instance)."""


class WrongModelString(UsageError):
    """The words that name a model could not be read."""
