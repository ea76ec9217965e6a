"""The three signals that must stay open: what was noticed, what these cycles show, and what that does not show."""

from __future__ import annotations

from collections.abc import Iterator

from monitors import charts, stations
from monitors.read.trends import FlagStep, Step
from monitors.report.figure import draw
from monitors.report.parts import Figure, Part, Signal, Table
from monitors.statistics import Share, dependence, difference, dispersion, turning_points
from monitors.tabs.dashboard import View
from nma13.store import STATIONS

BLOCKS = 12  # stretches in which a rate is looked at
UNEXPLAINED = "The source is not established."


def signals(found: View, pictures: dict[str, charts.Chart]) -> Iterator[Part]:
    """All three, in every report, whatever the figures are."""
    yield Signal(
        "Cycle duration has two modes",
        "In earlier runs of the programme, cycles took either about 318 s or about 2,985 s, with little in between.",
        found.modes.words,
        "Two modes are not two mechanisms, and one mode in this range does not withdraw the observation. The machine, "
        f"the model, pauses of the process and the texts' length all bear on duration. {UNEXPLAINED}",
    )
    yield Figure("durations", draw(pictures["durations"], "Durations of cycles"), "Duration of a cycle, logarithmic.")
    yield from _volatility(found.flag_steps)
    yield from _leads(found, pictures)
    yield Figure(
        "leads_over_time", draw(pictures["leads_over_time"], "Share of the lead over time"), "Share of the lead."
    )


def _volatility(steps: list[FlagStep]) -> Iterator[Part]:
    rows, words = [], "There are too few cycles in this range to look at a change."
    for name in STATIONS:
        shares = _stretches(steps, name)
        apart = dispersion(shares)
        turns, by_chance = turning_points([share.value or 0.0 for share in shares])
        whole = Share(sum(s.count for s in shares), sum(s.of for s in shares))
        far = f"{apart:.1f}" if apart is not None else "–"
        rows.append((stations.label(name), str(whole), far, f"{turns} of {by_chance:.1f} by chance"))
        if name == "S5" and apart is not None and len(shares) >= 4:
            words = (
                f"Over {len(shares)} stretches of this range S5's flags per output vary {apart:.1f} times as much as "
                f"chance alone would make them vary around one constant rate, and turn {turns} times where pure noise "
                f"would turn about {by_chance:.1f} times."
            )
    yield Signal(
        "S5 Identity: its flag rate goes up and down without a trend",
        "Earlier runs showed a volatility in S5's flags that does not grow or fall steadily.",
        words,
        "A rate that varies does not say what varies it: scenarios, prompts and the rules that set flags differ too. "
        f"Other stations stand in the table for comparison. {UNEXPLAINED}",
    )
    head = ("Station", "flags per output", "spread (1: one constant rate)", "turns")
    yield Table(head, tuple(rows), "Flag rates over stretches of the range")
    yield Figure(
        "flags_over_time", draw(charts.flags_over_time(steps, ""), "Flags over time"), "Flags an output, per station."
    )


def _stretches(steps: list[FlagStep], name: str) -> list[Share]:
    size = max(1, -(-len(steps) // BLOCKS))
    groups = [steps[at : at + size] for at in range(0, len(steps), size)]
    shares = [Share(sum(s.flagged[name] for s in group), sum(s.outputs[name] for s in group)) for group in groups]
    # an output may carry several flags; a share counts it once at most
    return [Share(min(share.count, share.of), share.of) for share in shares if share.of]


def _leads(found: View, pictures: dict[str, charts.Chart]) -> Iterator[Part]:
    total = found.sums
    first, second = _halves(found.steps)
    gaps = {
        name: difference(Share(first[0][name], first[1]), Share(second[0][name], second[1])) for name in ("S1", "S6")
    }
    said = [
        f"{name} led {Share(total.stations[name].led, total.cycles)}"
        + (
            f"; second half minus first half {100 * gap[0]:+.1f} points ({100 * gap[1]:+.1f} to {100 * gap[2]:+.1f})"
            if gap
            else ""
        )
        for name, gap in gaps.items()
    ]
    bound = dependence(total.leads)
    tied = (
        f" Who leads next depends on who led with V = {bound:.2f} (0: not at all, 1: wholly)."
        if bound is not None
        else ""
    )
    stretches = [step for step in _wide(found.steps) if sum(step.led.values())]
    overtook = sum(step.led["S6"] > step.led["S1"] for step in stretches)
    yield Signal(
        "Who leads after whom carries meaning",
        "Earlier runs of loop D moved between S1, S6 and S3 with S1 as the point of return; in cycles 601 to 700, "
        "S6 led more often than S1 for the first time.",
        f"{'. '.join(said)}. S6 led more often than S1 in {overtook} of {len(stretches)} stretches.{tied}",
        "A lead is what one arbitration named. Memory between cycles and the choice of scenarios can make sequences "
        f"without any meaning of their own. {UNEXPLAINED}",
    )
    yield Figure("leads", draw(pictures["leads"], "Who leads after whom"), "Rows: who led. Columns: who leads next.")


def _wide(steps: list[Step]) -> list[Step]:
    size = max(1, -(-len(steps) // BLOCKS))
    made = []
    for at in range(0, len(steps), size):
        group = steps[at : at + size]
        one = Step(group[0].first, group[-1].last)
        for step in group:
            one.cycles += step.cycles
            one.led.update(step.led)
        made.append(one)
    return made


def _halves(steps: list[Step]) -> tuple[tuple[dict[str, int], int], tuple[dict[str, int], int]]:
    middle = len(steps) // 2
    halves = []
    for part in (steps[:middle], steps[middle:]):
        led = {name: sum(step.led[name] for step in part) for name in STATIONS}
        halves.append((led, sum(step.cycles for step in part)))
    return halves[0], halves[1]
