"""Options that several words share, and what they turn into: a kit, a voice, a context."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nma13 import locale
from nma13.config import data_dir
from nma13.context import NavigationContext
from nma13.interpreter import Voice
from nma13.kit import Kit, default_kit
from nma13.navigation_loop import Asked
from nma13.pipeline import NO_TEXT, InputError
from nma13.semantic import chosen_screen


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--semantic", choices=("on", "off"), help="the second look by meaning (default: on where installed)"
    )
    add_data_option(parser)


def add_data_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, help="another data folder (default: NMA_DATA or data/user)")


def parser_of(word: str, description: str | None) -> argparse.ArgumentParser:
    """The parser of a word that looks into the data folder and asks neither engine nor model."""
    parser = argparse.ArgumentParser(prog=f"./lab {word}", description=description)
    add_data_option(parser)
    return parser


def add_model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", help="which model writes; see ./lab model")
    parser.add_argument("--no-model", action="store_true", help="structural prose only")
    parser.add_argument("--seed", type=int, default=0, help="the model's seed (default %(default)s)")


def add_memory_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--session", default="", metavar="NAME", help="what belongs together (default: one a day)")
    parser.add_argument("--do-not-store", action="store_true", help="keep nothing of this run")
    parser.add_argument("--no-memory", action="store_true", help="neither look at what is remembered nor store")


def add_material_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--document", "--attach", dest="attach", type=Path, action="append", default=[], metavar="FILE",
        help="a file for this one run (PDF, DOCX, TXT, MD, CSV, HTML; 12,000 characters; not stored)",
    )  # fmt: skip
    parser.add_argument("--no-documents", action="store_true", help="leave the stored documents out of this run")
    parser.add_argument(
        "--search", nargs="?", const="", metavar="QUERY",
        help="look on the web: for QUERY, or for the first factual question of the text",
    )  # fmt: skip


def asked_from(options: argparse.Namespace, text: str) -> Asked:
    """How the loop is to treat this run, and what it is given: attached files, stored documents, the web."""
    from nma13 import documents, web_search

    store = not (options.do_not_store or options.no_memory)
    live = documents.live(options.attach)
    leave_out = options.no_documents or options.no_memory
    stored = documents.Given() if leave_out else documents.stored_for(text)
    found = web_search.Found("")
    if options.search is not None:
        print("Asking the web …", file=sys.stderr, flush=True)
        found = web_search.for_text(text, options.search, store=store)
    context = NavigationContext(
        document_passages=live.materials + stored.materials,
        web_results=found.materials,
        locale=locale.chosen(data_dir()),
    )
    notices = (*live.notices, *stored.notices, *found.notices)
    return Asked(options.session, store=store, recall=not options.no_memory, context=context, notices=notices)


def given_text(word: str | None) -> str:
    """The text a command works on: what stands behind it, or standard input; an empty one is told before a model loads.

    Somebody who sits before a terminal is told that it waits, and how a text ends.
    """
    if word not in (None, "-"):
        text = word
    else:
        if sys.stdin.isatty():
            print("Write your text, then press Ctrl-D on a line of its own.", file=sys.stderr, flush=True)
        text = sys.stdin.read()
    if not text.strip():
        raise InputError(NO_TEXT)
    return text


def limit(word: str) -> int:
    """For argparse: how many at most."""
    if not word.isdecimal() or not int(word):
        raise argparse.ArgumentTypeError(f"{word!r} is no number of results; it wants 1 or more")
    return int(word)


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
