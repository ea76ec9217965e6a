"""The little statistics the monitors speak in: an interval for a share, and one mode or two."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from nma13.store.rollups import BINS_PER_DECADE

Z95 = 1.959964
ENOUGH_FOR_MODES = 60  # below this a mixture can be fitted, but not believed
STRONG_BIC = 10.0  # what is usually called very strong evidence
ROUNDS, SETTLED = 300, 1e-7


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with its 95 % Wilson interval."""

    count: int
    of: int

    @property
    def value(self) -> float | None:
        return self.count / self.of if self.of else None

    @property
    def bounds(self) -> tuple[float, float]:
        """Between these the true share lies, as far as the cycles are independent of each other."""
        if not self.of:
            return 0.0, 1.0
        share, n, z2 = self.count / self.of, self.of, Z95**2
        middle = (share + z2 / (2 * n)) / (1 + z2 / n)
        reach = Z95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
        return max(0.0, middle - reach), min(1.0, middle + reach)

    def __str__(self) -> str:
        if not self.of:
            return "no cases"
        low, high = self.bounds
        interval = f"95 % CI {100 * low:.1f}–{100 * high:.1f}"
        return f"{100 * self.count / self.of:.1f} % ({interval}; {self.count:,} of {self.of:,})"


def difference(first: Share, second: Share) -> tuple[float, float, float] | None:
    """Second minus first with its 95 % interval (Newcombe, from the two Wilson intervals)."""
    if first.value is None or second.value is None:
        return None
    (low1, high1), (low2, high2) = first.bounds, second.bounds
    gap = second.value - first.value
    below = math.hypot(second.value - low2, high1 - first.value)
    above = math.hypot(high2 - second.value, first.value - low1)
    return gap, gap - below, gap + above


@dataclass(frozen=True, slots=True)
class Mode:
    """One hump of a distribution of durations: where it is, how wide (a factor), how much of the whole."""

    seconds: float
    factor: float
    weight: float


@dataclass(frozen=True, slots=True)
class Modes:
    """What the durations look like: the verdict, the fit behind it, and how much better two humps fit than one."""

    verdict: Literal["two modes", "one mode", "too few"]
    n: int
    one: Mode | None
    two: tuple[Mode, Mode] | None
    gain: float
    """BIC of one hump minus BIC of two; above 10 two fit very much better."""
    words: str


def modes(bins: Mapping[int, int]) -> Modes:
    """One mode or two, judged on log durations: a mixture that fits much better and really has two peaks.

    A better fit alone would call a merely skewed distribution bimodal, so the fitted density must also have
    a valley. `bins` is what the store keeps: floor(20 × log10(seconds)) → cycles.
    """
    n = sum(bins.values())
    if n < ENOUGH_FOR_MODES:
        return Modes("too few", n, None, None, 0.0, f"{n} cycles are too few to tell one mode from two.")
    edges = np.array(sorted(bins), dtype=float) / BINS_PER_DECADE
    counts = np.array([bins[bin_] for bin_ in sorted(bins)], dtype=float)
    centres, width = edges + 0.5 / BINS_PER_DECADE, 1 / BINS_PER_DECADE
    mean = float(np.average(centres, weights=counts))
    spread = max(math.sqrt(float(np.average((centres - mean) ** 2, weights=counts))), width / 2)
    one = np.array([[1.0, mean, spread]])
    two, likelihood = _mixture(centres, counts, _starts(centres, counts, spread), width)
    alone = float(_likelihood(counts, _humps(centres, one)))
    gain = (2 * math.log(n) - 2 * alone) - (5 * math.log(n) - 2 * likelihood)
    ordered = two[np.argsort(two[:, 1])]
    first, second = (_mode(row) for row in ordered)
    if gain > STRONG_BIC and _has_valley(ordered):
        words = (
            f"Two modes: about {_seconds(first.seconds)} ({100 * first.weight:.0f} % of cycles) and about "
            f"{_seconds(second.seconds)} ({100 * second.weight:.0f} %). Two humps fit better than one by {gain:.0f} "
            "BIC points and leave a valley between them. This says that there are two kinds of duration, not why."
        )
        return Modes("two modes", n, _mode(one[0]), (first, second), gain, words)
    why = (
        "the fitted curve has one peak"
        if gain > STRONG_BIC
        else f"two humps do not fit clearly better ({gain:+.0f} BIC)"
    )
    words = (
        f"No second mode shows in these {n:,} cycles: {why}. That is not proof that there is none; the middle lies "
        f"at {_seconds(10**mean)}."
    )
    return Modes("one mode", n, _mode(one[0]), None, gain, words)


def density(mode: Mode, log_seconds: np.ndarray) -> np.ndarray:
    """The hump's density over log10 seconds, weighted."""
    return mode.weight * _normal(log_seconds, math.log10(mode.seconds), math.log10(mode.factor))


def _starts(centres: np.ndarray, counts: np.ndarray, spread: float) -> np.ndarray:
    """Where the search begins: split at several quantiles, so that a small second mode is not overlooked."""
    shares = np.cumsum(counts) / counts.sum()
    starts: list[list[list[float]]] = []
    for split in (0.1, 0.3, 0.5, 0.7, 0.9):
        low = shares <= split
        if not low.any() or low.all():
            continue
        rows = []
        for part in (low, ~low):
            mean = float(np.average(centres[part], weights=counts[part]))
            rows.append([counts[part].sum() / counts.sum(), mean, spread / 2])
        starts.append(rows)
    middle = float(np.average(centres, weights=counts))
    starts.append([[0.5, middle - spread, spread / 2], [0.5, middle + spread, spread / 2]])
    return np.array(starts)


def _mixture(x: np.ndarray, counts: np.ndarray, starts: np.ndarray, width: float) -> tuple[np.ndarray, float]:
    """Two normal humps by expectation and maximisation over the bins, from all starts at once; the best of them."""
    fits, before = starts, np.full(len(starts), -math.inf)
    narrowest = width / 2  # narrower than a bin cannot be seen
    for _ in range(ROUNDS):
        parts = _humps(x, fits)
        now = _likelihood(counts, parts)
        if np.all(now - before < SETTLED * abs(now)):
            break
        before = now
        owes = counts * parts / parts.sum(axis=1, keepdims=True)
        sums = owes.sum(axis=2) + 1e-12
        means = owes @ x / sums
        variances = (owes * (x - means[..., None]) ** 2).sum(axis=2) / sums
        shares = sums / sums.sum(axis=1, keepdims=True)
        fits = np.stack([shares, means, np.maximum(np.sqrt(variances), narrowest)], axis=2)
    best = int(np.argmax(now))
    return fits[best], float(now[best])


def _likelihood(counts: np.ndarray, parts: np.ndarray) -> np.ndarray:
    return np.asarray((counts * np.log(parts.sum(axis=-2))).sum(axis=-1))


def _humps(x: np.ndarray, fits: np.ndarray) -> np.ndarray:
    """The density of each hump at each x; a fit is rows of (weight, mean, spread), and there may be many fits."""
    weight, mean, spread = np.moveaxis(fits[..., None], -2, 0)
    return weight * _normal(x, mean, spread) + 1e-300


def _normal(x: np.ndarray, mean: Any, spread: Any) -> np.ndarray:
    return np.asarray(np.exp(-0.5 * ((x - mean) / spread) ** 2) / (spread * math.sqrt(2 * math.pi)))


def _has_valley(fit: np.ndarray) -> bool:
    """The fitted curve dips between two peaks, and the smaller peak is worth the name."""
    x = np.linspace(fit[0, 1] - fit[0, 2], fit[1, 1] + fit[1, 2], 400)
    curve = _humps(x, fit).sum(axis=0)
    rises = np.diff(curve) > 0
    peaks = [i for i in range(1, len(rises)) if rises[i - 1] and not rises[i]]
    if len(peaks) < 2:
        return False
    valley = curve[peaks[0] : peaks[-1]].min()
    return bool(valley < 0.85 * min(curve[peaks[0]], curve[peaks[-1]]) and fit[:, 0].min() >= 0.02)


def _mode(row: np.ndarray) -> Mode:
    return Mode(float(10 ** row[1]), float(10 ** row[2]), float(row[0]))


def _seconds(value: float) -> str:
    return f"{value:.0f} s" if value >= 10 else f"{value:.2g} s"


# — three figures that go with the signals that stay open; none of them is a verdict —


def turning_points(values: Sequence[float]) -> tuple[int, float]:
    """How often a curve turns, and how often pure noise of this length would: 2(n - 2)/3."""
    turns = sum((b - a) * (c - b) < 0 for a, b, c in zip(values, values[1:], values[2:], strict=False))
    return turns, max(0.0, 2 * (len(values) - 2) / 3)


def dispersion(shares: Sequence[Share]) -> float | None:
    """How far shares lie apart, in units of what chance alone would do: about 1 when one rate held all along."""
    known = [share for share in shares if share.of]
    whole = sum(share.of for share in known)
    count = sum(share.count for share in known)
    if len(known) < 2 or not 0 < count < whole:
        return None
    rate = count / whole
    square = sum((share.count - share.of * rate) ** 2 / (share.of * rate * (1 - rate)) for share in known)
    return square / (len(known) - 1)


def dependence(counts: Mapping[tuple[str, str], int]) -> float | None:
    """Cramér's V of a table «this, then that»: 0 when what comes next does not hang on what was, 1 when it is fixed."""
    rows, columns = Counter[str](), Counter[str]()
    for (before, after), count in counts.items():
        rows[before] += count
        columns[after] += count
    whole = sum(rows.values())
    many = min(sum(n > 0 for n in rows.values()), sum(n > 0 for n in columns.values()))
    if whole == 0 or many < 2:
        return None
    square = sum(
        (counts.get((a, b), 0) - rows[a] * columns[b] / whole) ** 2 / (rows[a] * columns[b] / whole)
        for a in rows for b in columns if rows[a] and columns[b]
    )  # fmt: skip
    return math.sqrt(square / (whole * (many - 1)))
