"""Rules are data: TOML files beside this one, an engine that runs them, a command that checks them."""

from nma13.rules.engine import Reading, RuleEngine, shipped
from nma13.rules.loader import Overlay, load_overlay, load_rules, rules_hash
from nma13.rules.model import Rule, RuleError

__all__ = [
    "Overlay",
    "Reading",
    "Rule",
    "RuleEngine",
    "RuleError",
    "load_overlay",
    "load_rules",
    "rules_hash",
    "shipped",
]
