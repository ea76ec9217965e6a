"""Fit the heads: `python -m nma13.semantic.build`. Encodes exemplars and the tune part of the labelled texts.

The tune part is there to be mended by; the held-out part is never opened here. What is written beside the
exemplars (heads.npz) carries the hash of everything it was fitted on, and is refused when they change.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nma13.config import SHIPPED_DATA
from nma13.encoder import encode, fingerprint
from nma13.semantic.exemplars import Value, exemplars_hash, values
from nma13.semantic.heads import fit, threshold_for

OUTPUT = Path(__file__).with_name("heads.npz")
RIDGE = 1.0
OTHERS = 0.15  # weight of another value's exemplar as a negative: it is one almost always, not by promise
SPECIFICITY = {"FLAG=CRISIS": 0.90, "FLAG=MANIPULATION": 0.99, "FLAG=AUTHORITY": 0.99}
USUAL_SPECIFICITY = 0.95


@dataclass(frozen=True, slots=True)
class Labelled:
    text: str
    labels: Mapping[str, Any]


def main() -> int:
    import numpy as np

    texts, rows = _texts()
    vectors = encode(texts)
    heads, biases, thresholds, bank, owners = [], [], [], [], []
    for place, value in enumerate(values()):
        labels, weights, tuned = _training(value, texts, rows)
        used = weights > 0
        fitted = fit(vectors[used], labels[used], weights[used], RIDGE)
        scores, truth = fitted.left_out, labels[used] > 0
        judged = tuned[used] if (tuned & (labels < 0))[used].sum() >= 20 else np.ones_like(truth)
        wanted = SPECIFICITY.get(value.sets, USUAL_SPECIFICITY)
        threshold = threshold_for(list(scores[judged]), list(truth[judged]), wanted)
        caught = float((scores[judged & truth] >= threshold).mean()) if (judged & truth).any() else float("nan")
        print(f"{value.name:<22} {int(truth.sum()):>4} like {int((~truth).sum()):>5} not   threshold {threshold:+.2f}"
              f"   left-out recall {caught:.2f} at specificity {wanted}", file=sys.stderr)  # fmt: skip
        heads.append(fitted.weights)
        biases.append(fitted.bias)
        thresholds.append(threshold)
        positives = np.flatnonzero((labels > 0) & (weights > 0))
        bank += [texts[index] for index in positives]
        owners += [(place, index) for index in positives]
    np.savez_compressed(
        OUTPUT,
        heads=np.asarray(heads, dtype=np.float32),
        biases=np.asarray(biases, dtype=np.float32),
        thresholds=np.asarray(thresholds, dtype=np.float32),
        bank=np.asarray([vectors[index] for _, index in owners], dtype=np.float16),
        owners=np.asarray([place for place, _ in owners], dtype=np.int16),
        texts=np.asarray(json.dumps(bank)),
        about=np.asarray(json.dumps({"exemplars": exemplars_hash(), "encoder": fingerprint()})),
    )
    return 0


def _texts() -> tuple[list[str], list[Labelled | None]]:
    """Every text once: exemplars first (no labels), then the labelled ones."""
    seen: dict[str, Labelled | None] = {}
    for value in values():
        for text in (*value.like, *value.looks_like):
            seen[text] = None
    for path in sorted((SHIPPED_DATA / "evaluation").glob("tune_*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            seen.setdefault(row["text"], Labelled(row["text"], row["labels"]))
    return list(seen), list(seen.values())


def _training(value: Value, texts: list[str], rows: list[Labelled | None]) -> tuple[Any, Any, Any]:
    """±1 labels, weights (0: not used for this value) and which are labelled texts."""
    import numpy as np

    labels = np.full(len(texts), -1.0, dtype=np.float32)
    weights = np.full(len(texts), OTHERS, dtype=np.float32)
    tuned = np.zeros(len(texts), dtype=bool)
    like, looks_like = set(value.like), set(value.looks_like)
    for place, (text, row) in enumerate(zip(texts, rows, strict=True)):
        if row is not None:
            truth = label_of(value, row.labels)
            tuned[place] = truth is not None
            labels[place], weights[place] = (1.0 if truth else -1.0), (0.0 if truth is None else 1.0)
        elif text in like:
            labels[place], weights[place] = 1.0, 1.0
        elif text in looks_like:
            weights[place] = 1.0
        elif _may_share(value, text):
            weights[place] = 0.0
    positives, negatives = weights[labels > 0].sum(), weights[labels < 0].sum()
    weights[labels > 0] *= max(1.0, 0.5 * negatives / max(positives, 1.0))  # rare values must be heard
    return labels, weights, tuned


def _may_share(value: Value, text: str) -> bool:
    """Exemplars of values that often come together are no negatives for each other."""
    together = {"FLAG=CRISIS": ("C=", "I="), "I=HIGH": ("X=", "FLAG=CRISIS", "T="), "C=HIGH": ("C=", "FLAG=CRISIS"),
                "C=MOD": ("C=",), "R=TRUE": ("I=", "T="), "X=TRUE": ("I=", "S=")}  # fmt: skip
    near = together.get(value.sets, ())
    return any(text in other.like and other.sets.startswith(near) for other in values()) if near else False


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
