"""Options that several words share, and what they turn into: a kit, a voice, a context."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nma13.context import Material, MaterialKind, NavigationContext
from nma13.errors import UsageError
from nma13.interpreter import Voice
from nma13.kit import Kit, default_kit
from nma13.navigation_loop import Asked
from nma13.semantic import chosen_screen

LIVE_LIMIT = 12_000  # characters of an attached file
PLAIN = {".txt", ".md", ".csv"}


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--semantic", choices=("on", "off"), help="the second look by meaning (default: on where installed)"
    )
    parser.add_argument("--data", type=Path, help="another data folder (default: NMA_DATA or data/user)")


def add_model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", help="which model writes; see ./lab model")
    parser.add_argument("--no-model", action="store_true", help="structural prose only")
    parser.add_argument("--seed", type=int, default=0)


def add_memory_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--session", default="", metavar="NAME", help="what belongs together (default: one a day)")
    parser.add_argument("--do-not-store", action="store_true", help="keep nothing of this run")
    parser.add_argument("--no-memory", action="store_true", help="neither look at what is remembered nor store")


def asked_from(options: argparse.Namespace, context: NavigationContext) -> Asked:
    """How the loop is to treat this run."""
    store = not (options.do_not_store or options.no_memory)
    return Asked(options.session, store=store, recall=not options.no_memory, context=context)


def data_from(options: argparse.Namespace) -> None:
    """`--data` holds for everything this process does."""
    if options.data:
        os.environ["NMA_DATA"] = str(options.data)


def kit_from(options: argparse.Namespace) -> Kit:
    data_from(options)
    return default_kit(chosen_screen(options.semantic))


@contextmanager
def voice_from(options: argparse.Namespace) -> Iterator[Voice | None]:
    """The model that will write, opened once; None for structural prose."""
    from nma13.llm import explain_choice, open_model
    from nma13.llm.probe import probe_cached

    choice = None if options.no_model else explain_choice(options.model)
    if choice is None or choice.backend == "none":
        yield None
        return
    print(f"Loading {choice.spec.rsplit('/', 1)[-1]} …", file=sys.stderr, flush=True)
    with open_model(choice.spec, look_for_served=False) as model:
        small = model.describe().backend != "scripted" and probe_cached(model).small
        yield Voice(model, small, options.seed)


def context_from(attached: list[Path]) -> NavigationContext:
    """Attached files as material of this one run; they are not stored."""
    return NavigationContext(document_passages=tuple(_passage(path) for path in attached))


def _passage(path: Path) -> Material:
    if path.suffix.lower() not in PLAIN:
        raise UsageError(f"{path.name} cannot be attached: only plain text ({', '.join(sorted(PLAIN))}) is read here.")
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}). Nothing was run.") from None
    if len(text) > LIVE_LIMIT:
        print(f"{path.name}: the first {LIVE_LIMIT:,} of {len(text):,} characters are used.", file=sys.stderr)
        text = text[:LIVE_LIMIT]
    return Material(MaterialKind.LIVE, path.name, text, str(path), "", 0, len(text))
