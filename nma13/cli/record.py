"""`record`: verify a file of decision records, or run every one again and compare."""

from __future__ import annotations

from pathlib import Path

from nma13.cli import options
from nma13.kit import default_kit
from nma13.record import Replay, read_file, replay, verify_file

REFUSED_SOME = 3


def main(arguments: list[str]) -> int:
    parser = options.parser_of("record", __doc__)
    parser.add_argument("word", choices=("verify", "replay"))
    parser.add_argument("file", type=Path)
    chosen = parser.parse_args(arguments)
    options.data_from(chosen)  # the overlay that lies there decides too
    faults = verify_file(chosen.file)
    for fault in faults:
        print(f"record {fault.seq}: {fault.what}")
    if faults or chosen.word == "verify":
        print("The chain is broken." if faults else "The chain holds.")
        return 1 if faults else 0
    differing = left_out = False
    for result in replay(read_file(chosen.file), default_kit()):
        differing |= bool(result.differences)
        left_out |= not result.was_run
        print(f"record {result.seq}: {_told(result)}")
        for line in (*result.differences[:20], *result.causes):
            print(f"    {line}")
    return 1 if differing else REFUSED_SOME if left_out else 0


def _told(result: Replay) -> str:
    if not result.was_run:
        return "not run again, since its input was not kept (--keep-input)"
    return "identical" if result.identical else "differs"
