"""Words of the engine; its own command line does the work."""

from __future__ import annotations


def navigate(arguments: list[str]) -> int:
    from nma13.cli.navigate import main

    return main(arguments)


def inner_house(arguments: list[str]) -> int:
    from nma13.cli.inner_house import main

    return main(arguments)


def repl(arguments: list[str]) -> int:
    from nma13.cli.repl import main

    return main(arguments)


def gates(arguments: list[str]) -> int:
    from nma13.cli.batch import main

    return main(arguments)


def battery(arguments: list[str]) -> int:
    from nma13.cli.battery import battery as run

    return run(arguments)


def cases(arguments: list[str]) -> int:
    from nma13.cli.battery import cases as run

    return run(arguments)


def record(arguments: list[str]) -> int:
    from nma13.cli.record import main

    return main(arguments)


def recall(arguments: list[str]) -> int:
    from nma13.cli.memory import recall as run

    return run(arguments)


def patterns(arguments: list[str]) -> int:
    from nma13.cli.memory import patterns as run

    return run(arguments)


def feedback(arguments: list[str]) -> int:
    from nma13.cli.memory import feedback as run

    return run(arguments)


def forget(arguments: list[str]) -> int:
    from nma13.cli.keeping import forget as run

    return run(arguments)


def export(arguments: list[str]) -> int:
    from nma13.cli.keeping import export as run

    return run(arguments)


def archive(arguments: list[str]) -> int:
    from nma13.cli.keeping import archive as run

    return run(arguments)


def documents(arguments: list[str]) -> int:
    from nma13.cli.documents import main

    return main(arguments)
