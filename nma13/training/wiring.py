"""The battery's texts as the core reads them, for the screen to learn from: it must not undo what they prove.

They prove the wiring and nothing about unseen texts, with the screen as without it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from nma13.config import SHIPPED_DATA
from nma13.kit import Kit
from nma13.pipeline import run
from nma13.rules import shipped
from nma13.state import summary
from nma13.training.texts import VALUES, Item, truth

FOLDER = SHIPPED_DATA / "battery"


def wiring() -> Iterator[Item]:
    kit = Kit(shipped())
    for path in sorted(FOLDER.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            text = json.loads(line)["text"]
            said = summary(run(text, kit=kit))
            truths = {value.name: truth(value, said) for value in VALUES}
            yield Item(text, {name: (held, 1.0) for name, held in truths.items() if held is not None}, labelled=True)
