"""Documents: files as passages that answers may rest on; stored, or read for one question only."""

from nma13.documents.bulk import Candidate, Outcome, add_all, candidates, summary_of
from nma13.documents.extract import Stopped
from nma13.documents.given import Given, live, locator, stored_for
from nma13.documents.limits import STANDARD, DocumentError, Limits
from nma13.documents.retrieval import Hit, learn_meanings, search
from nma13.documents.shelf import Added, Document, add, documents, find, passages, remove, text_of

__all__ = [
    "STANDARD",
    "Added",
    "Candidate",
    "Document",
    "DocumentError",
    "Given",
    "Hit",
    "Limits",
    "Outcome",
    "Stopped",
    "add",
    "add_all",
    "candidates",
    "documents",
    "find",
    "learn_meanings",
    "live",
    "locator",
    "passages",
    "remove",
    "search",
    "stored_for",
    "summary_of",
    "text_of",
]
