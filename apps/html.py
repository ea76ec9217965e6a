"""The one place where HTML is built: everything is escaped unless it was built here."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

VOID = frozenset({"br", "hr", "img", "input", "meta"})


class Html(str):
    """Markup that was built here and may be shown as it stands."""

    __slots__ = ()


Child = str | int | float | None | Iterable["Child"]


def text(value: Child) -> Html:
    """Words as words, whatever they contain."""
    if isinstance(value, Html):
        return value
    if value is None:
        return Html("")
    if isinstance(value, str | int | float):
        return Html(escape(str(value), quote=True))
    return Html("".join(text(one) for one in value))


def el(tag: str, *children: Child, **attributes: str | int | float | bool | None) -> Html:
    """One element; `class_` is class, `aria_label` is aria-label, None and False leave an attribute out."""
    parts = [tag]
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        name = name.rstrip("_").replace("_", "-")
        if name.startswith("on") or not name.replace("-", "").isalnum():
            raise ValueError(f"attribute {name!r} is not for data")
        if name in ("href", "src") and not is_safe_link(str(value)):
            raise ValueError(f"{name} may not lead to {value!r}")
        parts.append(name if value is True else f'{name}="{escape(str(value), quote=True)}"')
    opening = f"<{' '.join(parts)}>"
    return Html(opening) if tag in VOID else Html(f"{opening}{text(children)}</{tag}>")


def is_safe_link(target: str) -> bool:
    """Web addresses and places on this host; never javascript: or data:."""
    start = target.strip().lower()
    return start.startswith(("http://", "https://", "/", "#", "?")) and "\\" not in start[:3]
