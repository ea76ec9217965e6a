"""Whose crisis help is shown: chosen once in Settings, kept in the data folder, used by every door of the lab."""

from __future__ import annotations

from pathlib import Path
from tempfile import NamedTemporaryFile

from nma13.config import ensure_data_dir
from nma13.errors import LabError, UsageError
from nma13.texts import CrisisText, crisis, table

FILE = "crisis_locale.txt"
INTERNATIONAL = "default"


def known() -> tuple[CrisisText, ...]:
    """Every help text there is, the international one first."""
    return tuple(crisis(name) for name in sorted(table("crisis"), key=lambda name: (name != INTERNATIONAL, name)))


def chosen(folder: Path) -> str:
    """The locale kept here; empty where none was chosen, or where the file names none that exists."""
    try:
        kept = (folder / FILE).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return kept if kept in table("crisis") and kept != INTERNATIONAL else ""


def choose(folder: Path, locale: str) -> CrisisText:
    """Keep the choice, whole or not at all; only for this user to read."""
    if locale not in table("crisis"):
        raise UsageError(f"There is no help text for «{locale}». The choice before it holds.")
    ensure_data_dir(folder)
    try:
        # A name of its own: two pages may choose at once. Such files are made for this user alone.
        with NamedTemporaryFile("w", encoding="utf-8", dir=folder, prefix=f"{FILE}.", delete=False) as file:
            file.write(f"{locale}\n")
        Path(file.name).replace(folder / FILE)
    except OSError as error:
        raise LabError(f"The choice could not be kept ({error.strerror}). The one before it holds.") from None
    return crisis(locale)
