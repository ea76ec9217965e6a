"""Fit the heads: `python -m nma13.semantic.build`. Encodes exemplars and the tune part of the labelled texts.

The tune part is there to be mended by; the held-out part is never opened here. Thresholds rest on texts that
the head in question did not see (ten folds, a text and its sentences always in one). What is written beside
the exemplars (heads.npz) carries the hash of everything it was fitted on, and is refused when that changes.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from nma13.config import SHIPPED_DATA
from nma13.encoder import encode, fingerprint
from nma13.semantic.exemplars import Value, exemplars_hash, neutral, values
from nma13.semantic.heads import FOLDS, fit, threshold_for, unseen_scores
from nma13.text import read

OUTPUT = Path(__file__).with_name("heads.npz")
RIDGE = 3.0
OTHERS = 0.3  # weight of another value's exemplar as a negative: it is one almost always, not by promise
PART = 0.5  # weight of one sentence of a labelled text as a negative
RARE = 0.3  # a value's positives together weigh at least this share of its negatives
SPECIFICITY = {"FLAG=CRISIS": 0.93, "T=TRUE": 0.98, "FLAG=MANIPULATION": 0.985, "FLAG=AUTHORITY": 0.985}
USUAL_SPECIFICITY = 0.96
# Values whose exemplars often hold another value too are no negatives for it.
TOGETHER = {
    "FLAG=CRISIS": ("C=", "I="), "I=HIGH": ("X=", "FLAG=CRISIS", "T="), "C=HIGH": ("C=", "FLAG=CRISIS"),
    "C=MOD": ("C=",), "R=TRUE": ("I=", "T="), "X=TRUE": ("I=", "S="),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """A stretch of text to learn from."""

    text: str
    role: Literal["like", "looks like", "neutral", "whole", "part"]
    owner: str
    """The value an exemplar was written for, or the id of a labelled text."""
    labels: Mapping[str, Any] | None = None


def main() -> int:
    import numpy as np

    items = list(_items())
    vectors = encode([item.text for item in items])
    folds = np.asarray([_fold(item) for item in items])
    heads, thresholds, bank, owners, texts = [], [], [], [], []
    for place, value in enumerate(values()):
        labels, weights = _training(value, items)
        scores = unseen_scores(vectors, labels, weights, folds, RIDGE)
        threshold = _threshold(value, items, scores)
        heads.append(fit(vectors[weights > 0], labels[weights > 0], weights[weights > 0], RIDGE))
        thresholds.append(threshold)
        positives = np.flatnonzero((labels > 0) & (weights > 0))
        bank += [vectors[index] for index in positives]
        texts += [items[index].text for index in positives]
        owners += [place] * len(positives)
    np.savez_compressed(
        OUTPUT,
        heads=np.asarray(heads, dtype=np.float32),
        thresholds=np.asarray(thresholds, dtype=np.float32),
        bank=np.asarray(bank, dtype=np.float16),
        owners=np.asarray(owners, dtype=np.int16),
        texts=np.asarray(json.dumps(texts)),
        about=np.asarray(json.dumps({"exemplars": exemplars_hash(), "encoder": fingerprint()})),
    )
    return 0


def _items() -> Iterator[Item]:
    for value in values():
        yield from (Item(text, "like", value.name) for text in value.like)
        yield from (Item(text, "looks like", value.name) for text in value.looks_like)
    yield from (Item(text, "neutral", "") for text in neutral())
    for path in sorted((SHIPPED_DATA / "evaluation").glob("tune_*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield Item(row["text"], "whole", row["id"], row["labels"])
            document = read(row["text"])
            if len(document.sentences) > 1:
                for sentence in document.sentences:
                    yield Item(document.span(sentence.start, sentence.end).text, "part", row["id"], row["labels"])


def _fold(item: Item) -> int:
    """A labelled text and its sentences share a fold; it does not depend on the run."""
    name = item.owner if item.labels is not None else item.text
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % FOLDS


def _training(value: Value, items: list[Item]) -> tuple[Any, Any]:
    """±1 labels and weights; weight 0 leaves an item out for this value."""
    import numpy as np

    labels, weights = -np.ones(len(items)), np.zeros(len(items))
    sets = {other.name: other.sets for other in values()}
    for place, item in enumerate(items):
        if item.labels is not None:
            truth = label_of(value, item.labels)
            if truth is None or (truth and item.role == "part"):
                continue  # which sentence of a text bears its value is not known
            labels[place], weights[place] = (1.0 if truth else -1.0), (1.0 if item.role == "whole" else PART)
        elif item.owner == value.name:
            labels[place], weights[place] = (1.0 if item.role == "like" else -1.0), 1.0
        elif item.role == "neutral":
            weights[place] = 1.0
        elif not (item.role == "like" and sets[item.owner].startswith(TOGETHER.get(value.sets, ("-",)))):
            weights[place] = OTHERS
    positives, negatives = weights[labels > 0].sum(), weights[labels < 0].sum()
    weights[labels > 0] *= max(1.0, RARE * negatives / positives)
    return labels, weights


def _threshold(value: Value, items: list[Item], scores: Any) -> float:
    """A text scores what its strongest stretch scores, as it will when the screen runs."""
    best: dict[str, float] = {}
    truth: dict[str, bool] = {}
    for item, score in zip(items, scores, strict=True):
        known = label_of(value, item.labels) if item.labels is not None else None
        if known is not None:
            best[item.owner] = max(best.get(item.owner, -9.0), float(score))
            truth[item.owner] = known
    wanted = SPECIFICITY.get(value.sets, USUAL_SPECIFICITY)
    threshold = threshold_for(list(best.values()), list(truth.values()), wanted)
    caught = [best[name] >= threshold for name in best if truth[name]]
    share = sum(caught) / len(caught) if caught else float("nan")
    print(
        f"{value.name:<22} threshold {threshold:+.2f}: {share:.2f} of {len(caught)} unseen texts caught"
        f" while {wanted} of {len(best) - len(caught)} stay silent",
        file=sys.stderr,
    )
    return threshold


def label_of(value: Value, labels: Mapping[str, Any]) -> bool | None:
    """Whether a labelled text has this value; None where its author left that open."""
    variable, _, wanted = value.sets.partition("=")
    if variable == "FLAG":
        if wanted in labels.get("red_open", ()) or "red_flags" not in labels:
            return None
        return wanted in labels["red_flags"]
    if variable not in labels:
        return None
    found = labels[variable]
    if wanted == "TRUE":
        if found and value.kind:
            return labels["A_kind"] == value.kind if "A_kind" in labels else None
        return bool(found)
    return bool(found == wanted)


if __name__ == "__main__":
    sys.exit(main())
