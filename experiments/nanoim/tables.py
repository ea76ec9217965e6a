"""The tables of docs/nanoim.md, drawn from the shipped result files: ./lab nanoim tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.manifest import write_whole
from experiments.nanoim import shelf
from experiments.nanoim.families import family_titles
from experiments.nanoim.verify import TABLE_SUITES, llm_results, shipped_table
from experiments.nanoim.view import POLICY_TITLES
from nma13.config import ROOT
from nma13.errors import LabError

PAGE = ROOT / "docs" / "nanoim.md"
PLACE = re.compile(r"(<!-- results: ([a-z_]+) -->\n).*?(<!-- end -->)", re.DOTALL)
NOT_MADE = "not made"
ABLATIONS = {
    "full": "everything shown", "small_model": "a smaller network", "no_audio": "without audio states",
    "no_visual": "without the camera", "no_background": "without the background",
    "no_policy": "without policy events", "no_timing": "without the clock",
}  # fmt: skip
CONTROLS = {
    "nothing": "nothing",
    "no_gate": "no gate: an action never shown is never dared",
    "gate_always": "gate always open: an action never shown is always dared",
    "decoy_actions": "five actions nobody needs in the list",
    "shuffled_lines": "the same, descriptions of actions dealt anew",
    "shuffled_states": "grades dealt anew among the states",
    "shuffled_values": "each state's grades dealt anew among the attributes",
    "noise_0.25": "noise of 0.25 on every grade",
    "noise_0.5": "noise of 0.5 on every grade",
    "zero_shot_descriptions": "untrained: likeness of scenes' and actions' descriptions",
    "zero_shot_attributes": "untrained: likeness of the attributes' words and actions' descriptions",
}


def filled(text: str) -> str:
    """The page with every table between its marks drawn anew."""

    def draw(place: re.Match[str]) -> str:
        if place[2] not in TABLES:
            raise LabError(f"There is no table {place[2]!r}; there are {', '.join(TABLES)}. Nothing was written.")
        return f"{place[1]}{TABLES[place[2]]()}{place[3]}"

    return PLACE.sub(draw, text)


def write(page: Path = PAGE) -> bool:
    """Fill the page in its place; tells whether anything changed."""
    before = page.read_text(encoding="utf-8")
    after = filled(before)
    if before != after:
        write_whole(page, after)
    return before != after


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def numbers() -> str:
    """Everybody on both suites: accuracy and separation, means over the seeds where something was trained."""
    found = shipped_table()
    names = list(dict.fromkeys(name for suite in TABLE_SUITES for name in found[suite]))
    rows = [[title(name), *(_both(found[suite].get(name)) for suite in TABLE_SUITES)] for name in names]
    return markdown(("policy", *(f"{suite}: TAA / PSR" for suite in TABLE_SUITES)), rows)


def title(name: str) -> str:
    bare = name.removesuffix("_no_timing")
    if name.startswith("llm:"):
        model, how = name[4:].rsplit(":", 1)
        return f"{model} on the transcript, {how}"
    named = POLICY_TITLES.get(bare, bare.replace("_", " "))
    return named if bare == name else f"{named}, without the clock"


def _both(row: Mapping[str, float] | None) -> str:
    if row is None:
        return NOT_MADE
    spread = f" (± {row['taa_sd']:.3f})" if row.get("taa_sd") else ""
    return f"{row['taa']:.3f} / {row['psr']:.3f}{spread}"


def ablations() -> str:
    """Each network trained anew without one thing."""
    head, columns = ["trained", *(f"{s}, {k}" for s in TABLE_SUITES for k in shelf.KINDS)], []
    for suite in TABLE_SUITES:
        swept = _result(f"sweep_{suite}")
        columns += [swept["policies"][kind] for kind in shelf.KINDS]
    return markdown(head, [[said, *(_both(arms[name]) for arms in columns)] for name, said in ABLATIONS.items()])


def controls() -> str:
    """Accuracy in a world broken on purpose."""
    columns = [(s, k, _result(f"controls_{s}")["policies"][k]) for s in TABLE_SUITES for k in shelf.KINDS]
    names = list(columns[0][2])
    rows = [[name.replace("_", " "), *(f"{found[name]['taa']:.3f}" for *_, found in columns)] for name in names]
    return markdown(("control", *(f"{suite}, {kind}" for suite, kind, _ in columns)), rows)


def calibration() -> str:
    """Whether confidence means what it says: means over the seeds."""
    rows = []
    for suite in TABLE_SUITES:
        found = _result(f"calibration_{suite}")["policies"]
        for kind in shelf.KINDS:
            runs = [found[f"{kind}_{seed}"] for seed in shelf.SEEDS]
            means = [sum(run[key] for run in runs) / len(runs) for key in ("ece", "brier", "nll")]
            rows.append([f"{suite}, {kind}", *(f"{mean:.4f}" for mean in means)])
    return markdown(("", "ECE", "Brier", "NLL"), rows)


def models() -> str:
    """Language models given the transcript."""
    rows = [
        [f"{card['model']}, {card['how']}", suite, f"{card['taa']:.3f}", f"{card['psr']:.3f}", str(card["calls"]),
         str(card["parse_failures"])]
        for suite in TABLE_SUITES for card in llm_results(suite)
    ]  # fmt: skip
    return markdown(("model", "suite", "TAA", "PSR", "calls", "answers that name no action"), rows)


def left_out() -> str:
    """The plain policies when a family is left out, on every suite where that was run."""
    columns = {s: study["policies"] for s in TABLE_SUITES if (study := shelf.result(f"lofo_{s}"))}
    names = list(_result("lofo_hard")["policies"])
    rows = [[title(name), *(_both(found.get(name)) for found in columns.values())] for name in names]
    return markdown(("policy", *(f"{suite}: TAA / PSR" for suite in columns)), rows)


def left_out_families() -> str:
    """The same on hard, family by family."""
    study = _result("lofo_hard")
    names = [*shelf.KINDS, "field_lookup", "transcript_majority"]
    rows = []
    for family in study["policies"]["gru"]["families"]:
        mark = " *" if family in study["unseen_action_families"] else ""
        cells = [_both(study["policies"][name]["families"][family]) for name in names]
        rows.append([f"{family_titles()[family]}{mark}", *cells])
    return markdown(("family left out", *(title(name) for name in names)), rows)


def meaning() -> str:
    """Every reader under every design, and what no reader graded."""
    study = _result("lofo_meaning_hard")
    names = {"first": "", "lines": "lines:", "steps": "steps:"}
    readers = [name for name in study["policies"] if ":" not in name and name != "words"]
    rows = []
    for reader in readers:
        found = [study["policies"][f"{mark}{reader}"] for mark in names.values()]
        rows.append([reader.replace("annotator_", "reader "), *map(_both, found)])
    rows.append(["sentence embeddings instead of grades", _both(study["policies"]["words"]), "", ""])
    hindsight = ["best of all settings in hindsight, mean grades", _both(study["hindsight"]["mean"]), "", ""]
    return markdown(("meaning from", *(f"{name}: TAA / PSR" for name in names)), [*rows, hindsight])


def meaning_controls() -> str:
    """The first design on the readers' mean, and what was done to it; seen and unseen actions apart."""
    study = _result("lofo_meaning_hard")
    rows = {"nothing": study["policies"]["mean"], **study["controls"]}
    cells = [
        [said, _both(rows[name]), f"{rows[name]['taa_seen']:.3f}", f"{rows[name]['taa_unseen']:.3f}"]
        for name, said in CONTROLS.items()
    ]
    head = ("what was done", "TAA / PSR", "TAA, actions seen elsewhere", "TAA, an action seen nowhere else")
    return markdown(head, cells)


def meaning_without() -> str:
    """One attribute silenced, and one attribute alone."""
    study = _result("lofo_meaning_hard")
    alone = {name: f"{taa:.3f}" for name, taa in study["one_attribute_alone"].items()}
    rows = [[name.replace("_", " "), _both(row), alone.get(name, "")] for name, row in study["without"].items()]
    return markdown(("silenced", "left out: TAA / PSR", "alone, nothing left out: TAA"), rows)


def readers() -> str:
    """How far the readers agree."""
    found = _result("agreement")
    rows = [
        [names.replace("annotator_", "reader "), f"{pair['same_grade']:.3f}",
         f"{pair['same_where_either_says_something']:.3f}", str(pair["opposite_signs"])]
        for names, pair in found["pairs"].items()
    ]  # fmt: skip
    head = ("readers", "same grade", "same, where either grade is not 0", "opposite signs")
    lowest = min(found["attributes"], key=lambda name: found["attributes"][name])
    low = f"lowest for `{lowest}`, {found['attributes'][lowest]:.3f}"
    return markdown(head, rows) + f"\nAlpha over {found['cells']} cells {found['alpha']:.3f}; {low}.\n"


def _result(name: str) -> dict[str, Any]:
    found = shelf.result(name)
    if found is None:
        raise LabError(f"The result {name} is not there, so no table was drawn. Make it: ./lab nanoim reproduce")
    return found


PARTS = {
    "models": "twelve networks", "scorecards": "scorecards", "occlusion": "occlusion", "controls": "controls",
    "calibration": "calibration", "statistics": "intervals and paired tests", "sweep": "ablations × seeds, both suites",
    "lofo": "families left out, both suites", "meaning": "the study on graded meaning",
}  # fmt: skip


def times() -> str:
    """What making every result anew took, by the clock and in the processor."""
    found = _result("times")
    rows = [[PARTS[part], f"{found['seconds'][part]:,.0f}", f"{found['processor_seconds'][part]:,.0f}"]
            for part in found["seconds"]]  # fmt: skip
    whole = [f"{sum(found[of].values()):,.0f}" for of in ("seconds", "processor_seconds")]
    return markdown(("part", "seconds by the clock", "seconds of the processor"), [*rows, ["all of it", *whole]])


TABLES: dict[str, Callable[[], str]] = {
    "numbers": numbers,
    "ablations": ablations,
    "controls": controls,
    "calibration": calibration,
    "models": models,
    "left_out": left_out,
    "left_out_families": left_out_families,
    "readers": readers,
    "meaning": meaning,
    "meaning_controls": meaning_controls,
    "meaning_without": meaning_without,
    "times": times,
}
