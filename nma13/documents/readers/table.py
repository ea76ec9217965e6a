"""CSV: each row as a line that names its columns, so that a row found alone still says what its figures are."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TextIO

from nma13.documents.blocks import Block
from nma13.documents.limits import Refused
from nma13.documents.readers import Reading
from nma13.documents.readers.plain import lines_of

DELIMITERS = ",;\t|"


def read(reading: Reading) -> Iterator[Block]:
    """Rows in groups that make a passage, each under the numbers of its rows."""
    most = reading.limits.line
    csv.field_size_limit(most)
    with lines_of(reading) as stream:
        head = stream.readline(most + 1)
        if len(head) > most:
            raise _too_long(most)
        delimiter = max(DELIMITERS, key=head.count)
        rows = csv.reader(_lines(head, stream, most), delimiter=delimiter)
        try:
            names = [name.strip() for name in next(rows, [])]
            if not any(names):
                raise Refused("There is no text in it: its first row, which names the columns, is empty.")
            yield from _grouped(reading, names, rows)
        except csv.Error as error:
            raise Refused(f"Row {rows.line_num} is no CSV ({error}). Save the table anew, and add that.") from None


def _grouped(reading: Reading, names: list[str], rows: Iterator[list[str]]) -> Iterator[Block]:
    held: list[str] = []
    first = last = number = 1
    size = 0
    for number, row in enumerate(rows, 2):
        line = "; ".join(
            f"{names[at] if at < len(names) and names[at] else f'column {at + 1}'}: {cell.strip()}"
            for at, cell in enumerate(row)
            if cell.strip()
        )
        if not line:
            continue
        if held and size + len(line) > reading.limits.passage:
            yield Block("\n".join(held), None, _rows(first, last))
            held, size = [], 0
        if not held:
            first = number
        held.append(line)
        last = number
        size += len(line) + 1
        if number % 500 == 0:
            reading.progress(number, 0)
    if not held and number == 1:
        held = ["; ".join(names)]
    if held:
        yield Block("\n".join(held), None, _rows(first, last))


def _rows(first: int, last: int) -> str:
    return f"row {first}" if first == last else f"rows {first}–{last}"


def _lines(head: str, stream: TextIO, most: int) -> Iterator[str]:
    """Lines of bounded length, and no quoted field that swallows the rest of the file."""
    yield head
    while line := stream.readline(most + 1):
        if len(line) > most:
            raise _too_long(most)
        yield line


def _too_long(most: int) -> Refused:
    return Refused(f"A line of it has more than {most:,} characters, which no table has. Save it anew as CSV.")
