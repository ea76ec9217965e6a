"""Web search: only when asked for, cached with its date, untrusted, and no proof of anybody's premises."""

from nma13.web_search.asking import Found, for_text, search, snippets
from nma13.web_search.needed import Verdict, should_search
from nma13.web_search.providers import Provider, Result, SearchFailed

__all__ = ["Found", "Provider", "Result", "SearchFailed", "Verdict", "for_text", "search", "should_search", "snippets"]
