"""The map of the lab: every word ./lab knows, what it does, and what must be installed for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """One word of ./lab. `handler` is «module:function», imported only when the word is used."""

    name: str
    group: str
    summary: str
    handler: str
    needs: tuple[str, ...] = ("core",)
    usage: str = ""


GROUPS = ("Use the lab", "The engine from a shell", "Models", "Your data", "Build on it", "Research")

WORDS: tuple[Word, ...] = (
    Word("web", GROUPS[0], "open the lab in a browser (this is what ./lab alone does)", "launcher.pages:web"),
    Word(
        "loop",
        GROUPS[0],
        "run a research loop; status, stop and service look after them",
        "loops.command:main",
        usage="a|b|c|d|WORD",
    ),
    Word("demo", GROUPS[0], "open the lab on a record that was made by a 135M model", "launcher.demo:demo"),
    Word(
        "monitors",
        GROUPS[0],
        "watch the research loops: all four monitors in one process, or one",
        "launcher.pages:monitors",
        usage="[a|b|c|d]",
    ),
    Word(
        "gallery", GROUPS[0], "two timelines, one transcript: the temporal-aliasing gallery", "launcher.nanoim:gallery"
    ),
    Word(
        "explorer",
        GROUPS[0],
        "world models with an oracle in the loop, to look at and to act in",
        "launcher.verisim:explorer",
    ),
    Word(
        "navigate",
        GROUPS[1],
        "one text through the gates, and the prose they allow",
        "nma13.cli.navigate:main",
        usage="[TEXT]",
    ),
    Word(
        "inner-house",
        GROUPS[1],
        "seven stations deliberate one problem in three rounds",
        "nma13.cli.inner_house:main",
        usage="[PROBLEM]",
    ),
    Word("repl", GROUPS[1], "text after text, with the gates and the why at hand", "nma13.cli.repl:main"),
    Word(
        "gates",
        GROUPS[1],
        "a JSONL of texts through the gates, no model asked",
        "nma13.cli.batch:main",
        usage="FILE",
    ),
    Word(
        "battery",
        GROUPS[1],
        "the 50 frozen scenarios, each field against what was expected",
        "nma13.cli.battery:battery",
    ),
    Word("cases", GROUPS[1], "the canonical cases TC01 to TC19", "nma13.cli.battery:cases"),
    Word(
        "record",
        GROUPS[1],
        "verify a file of decision records, or replay it",
        "nma13.cli.record:main",
        usage="verify|replay FILE",
    ),
    Word(
        "recall",
        GROUPS[1],
        "the earlier episodes most like a text, or the newest",
        "nma13.cli.memory:recall",
        usage="[TEXT]",
    ),
    Word(
        "patterns", GROUPS[1], "what was learned, from which episodes; switch a rule off", "nma13.cli.memory:patterns"
    ),
    Word(
        "feedback",
        GROUPS[1],
        "say what you think of a decision: agree, disagree, override",
        "nma13.cli.memory:feedback",
        usage="EPISODE VERDICT",
    ),
    Word(
        "model",
        GROUPS[2],
        "which language model would run, why, how fast, and how to choose another",
        "launcher.models:model",
    ),
    Word(
        "serve",
        GROUPS[2],
        "share one copy of a model among all processes of this machine",
        "launcher.models:serve",
    ),
    Word("doctor", GROUPS[3], "check the databases, the disk and what is running", "launcher.keeping:doctor"),
    Word(
        "backup",
        GROUPS[3],
        "copy everything you made, while the lab goes on working",
        "launcher.keeping:backup",
        usage="[FOLDER]",
    ),
    Word("restore", GROUPS[3], "put a backup back", "launcher.keeping:restore", usage="BACKUP"),
    Word(
        "forget",
        GROUPS[3],
        "remove an episode, a session, a person's name, a document everywhere",
        "nma13.cli.keeping:forget",
        usage="WHAT WHICH",
    ),
    Word(
        "documents",
        GROUPS[3],
        "texts that answers may rest on: add, list, search, show, remove",
        "nma13.cli.documents:main",
        usage="WORD",
    ),
    Word("export", GROUPS[3], "everything you made as one readable ZIP", "nma13.cli.keeping:export", usage="[FILE]"),
    Word("archive", GROUPS[3], "move old episodes into a file, or put one back", "nma13.cli.keeping:archive"),
    Word(
        "setup",
        GROUPS[4],
        "install what the lab needs: the core, or --all with the rest",
        "launcher.setup:setup",
        needs=(),
    ),
    Word(
        "update",
        GROUPS[4],
        "go to the newest version, with a backup; --back returns to the one before",
        "launcher.update:update",
        needs=(),
    ),
    Word(
        "verify",
        GROUPS[4],
        "compare the lab's files with the checksums of its release, or with its commit",
        "launcher.release:verify",
        needs=(),
        usage="[MANIFEST]",
    ),
    Word("licences", GROUPS[4], "every package the lab is built on, with its licence", "launcher.release:licences"),
    Word(
        "test",
        GROUPS[4],
        "run the tests (--fast leaves out the slow ones)",
        "launcher.develop:test",
        needs=("core", "dev", "labs"),
        usage="[PYTEST ARGUMENTS]",
    ),
    Word(
        "check",
        GROUPS[4],
        "formatter, linter, type checker and import contract, as CI runs them",
        "launcher.develop:check",
        needs=("core", "dev", "labs"),
    ),
    Word(
        "bench",
        GROUPS[4],
        "measure, against a named alternative in the same run",
        "launcher.develop:bench",
        usage="[NAME | all]",
    ),
    Word(
        "nanoim",
        GROUPS[5],
        "same transcript, different timing: data, tiny models, studies, verify",
        "launcher.nanoim:nanoim",
        usage="WORD",
    ),
    Word(
        "verisim",
        GROUPS[5],
        "world models with an oracle in the loop: results, study, train, figures",
        "launcher.verisim:verisim",
        usage="WORD",
    ),
)

BY_NAME = {word.name: word for word in WORDS}


def help_text(version: str) -> str:
    """What ./lab --help prints."""
    lines = [
        f"NMA Lab {version}: a local-first lab for governed deliberation.",
        "",
        "  ./lab               set up if needed, then open the lab on http://127.0.0.1:7860",
        "  ./lab WORD --help   all options of one word",
    ]
    for group in GROUPS:
        words = [word for word in WORDS if word.group == group]
        if not words:
            continue
        lines += ["", group]
        lines += [f"  {' '.join((word.name, word.usage)).strip():<27} {word.summary}" for word in words]
    lines += [
        "",
        "Exit status: 0 done · 1 the thing asked for failed · 2 the words were off ·",
        "3 done with some inputs refused · 130 stopped by you.",
        "Environment: NMA_DATA, NMA_MODEL, NMA_TOKEN, NMA_THREADS, LAB_PYTHON (see docs/environment.md).",
    ]
    return "\n".join(lines)


def nearest(name: str) -> str | None:
    """The word somebody most likely meant."""
    import difflib

    close = difflib.get_close_matches(name, BY_NAME, n=1, cutoff=0.6)
    return close[0] if close else None
