"""Reading a text: normalise, cut into sentences and clauses, keep every offset into the original."""

from nma13.text.document import Clause, Document, SentenceBounds, read
from nma13.text.normalise import Normalised, normalise

__all__ = ["Clause", "Document", "Normalised", "SentenceBounds", "normalise", "read"]
