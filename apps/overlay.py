"""The user's own changes to the rules, as they stand in the data folder, told as a person reads them."""

from __future__ import annotations

from pathlib import Path

from apps import pieces
from apps.html import Html, el
from nma13.errors import LabError
from nma13.kit import OVERLAY_NAME
from nma13.rules import Overlay, RuleEngine, load_overlay, load_rules, rules_hash


def panel(folder: Path) -> Html:
    """Rules off, phrases allowed, the hash, the file; a broken file is told in words."""
    path = folder / OVERLAY_NAME
    rows: list[tuple[str, Html | str]] = [("File", pieces.code(str(path)))]
    told: Html | None = None
    try:
        overlay = load_overlay(path)
        RuleEngine(load_rules(), overlay, outputs=False)  # refuses what the gates would refuse
        rows += _rows(overlay)
    except LabError as broken:
        rows.append(("Holds", pieces.chip("broken", "alarm")))
        told = el("p", f"{broken} Until then Navigate answers nothing, because it would not know which rules hold.")
    rows.append(("Shipped rules", pieces.code(f"sha256:{rules_hash()[:16]}")))
    how = el("p", "To change: write ", pieces.code('off = ["RULE"]'), " or ", pieces.code('allow = ["a phrase"]'),
             " into that file; the next question uses it. The hash goes into every decision record.")  # fmt: skip
    return pieces.panel(
        "Your rule overlay", pieces.facts(rows, "Your rule overlay"), told, el("div", how, class_="note")
    )


def _rows(overlay: Overlay) -> list[tuple[str, Html | str]]:
    if not overlay.name:
        return [("Holds", "none: every shipped rule is on")]
    return [
        ("Rules off", el("span", [[pieces.code(name), " "] for name in overlay.off]) if overlay.off else "none"),
        ("Phrases allowed", ", ".join(f"«{phrase}»" for phrase in overlay.allow) or "none"),
        ("Its hash", pieces.code(overlay.name.rpartition(" ")[2])),
    ]
