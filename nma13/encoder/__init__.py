"""The bundled sentence encoder (all-MiniLM-L6-v2) on NumPy alone: text in, 384 numbers out."""

from nma13.encoder.minilm import (
    DIMENSIONS,
    Encoder,
    EncoderError,
    available,
    encode,
    fingerprint,
    shared_encoder,
)

__all__ = ["DIMENSIONS", "Encoder", "EncoderError", "available", "encode", "fingerprint", "shared_encoder"]
