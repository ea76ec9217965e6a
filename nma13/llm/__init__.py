"""The model seam: one string names a model, one small protocol runs it, whatever library lies beneath."""

from nma13.llm.errors import (
    ModelError,
    ModelFileBroken,
    ModelNotFound,
    ModelServerError,
    ModelTimeout,
    ModelUnavailable,
    UnsupportedRequest,
    WrongModelString,
)
from nma13.llm.registry import BACKENDS, ModelChoice, explain_choice, open_model
from nma13.llm.types import (
    Cancel,
    Choice,
    Chunk,
    Completion,
    Description,
    Message,
    Model,
    ParseFailure,
    Request,
)

__all__ = [
    "BACKENDS",
    "Cancel",
    "Choice",
    "Chunk",
    "Completion",
    "Description",
    "Message",
    "Model",
    "ModelChoice",
    "ModelError",
    "ModelFileBroken",
    "ModelNotFound",
    "ModelServerError",
    "ModelTimeout",
    "ModelUnavailable",
    "ParseFailure",
    "Request",
    "UnsupportedRequest",
    "WrongModelString",
    "explain_choice",
    "open_model",
]
