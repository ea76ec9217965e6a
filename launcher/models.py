"""Words for language models: model, serve."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from nma13.config import LOOPBACK, PORTS


def model(arguments: list[str]) -> int:
    """Say which model would run, why, how fast it is here, and how to choose another."""
    parser = argparse.ArgumentParser(prog="./lab model", description=model.__doc__)
    parser.add_argument("--model", help="a model string to look at instead of the lab's own choice")
    parser.add_argument("--data", type=Path, help="another data folder (default: NMA_DATA or data/user)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long to measure (0: do not load the model)")
    chosen = parser.parse_args(arguments)
    if chosen.data:
        os.environ["NMA_DATA"] = str(chosen.data)
    report = _report(chosen.model, chosen.seconds)
    print(json.dumps(report, indent=1) if chosen.json else render(report))
    return 0


def serve(arguments: list[str]) -> int:
    """Share one copy of a model among all processes of this machine, until Ctrl-C."""
    from nma13.llm.serve import serve as run

    parser = argparse.ArgumentParser(prog="./lab serve", description=serve.__doc__)
    parser.add_argument("--model", help="which model (default: the lab's choice, see ./lab model)")
    parser.add_argument("--host", default=LOOPBACK, help=f"where to listen (default {LOOPBACK})")
    parser.add_argument("--port", type=int, default=PORTS["serve"], help=f"default {PORTS['serve']}")
    parser.add_argument("--data", type=Path, help="the data folder in which the server is announced")
    chosen = parser.parse_args(arguments)
    if chosen.data:
        os.environ["NMA_DATA"] = str(chosen.data)
    run(chosen.model, chosen.host, chosen.port)
    return 0


def _report(spec: str | None, seconds: float) -> dict[str, Any]:
    from nma13.llm import explain_choice, open_model
    from nma13.llm.probe import measure_speed, model_report, probe_cached

    choice = explain_choice(spec)
    if choice.backend == "none":
        return {"model": None, "backend": "none", "spec": choice.spec, "why": choice.why, "speed": None}
    if seconds <= 0:
        return {"model": None, "backend": choice.backend, "spec": choice.spec, "why": choice.why, "speed": None}
    _say(f"Loading {choice.spec} …")
    with open_model(choice.spec, look_for_served=False) as opened:
        _say(f"Measuring for {seconds:.0f} s …")
        speed = measure_speed(opened, seconds)
        _say("Asking whether it keeps what it is told …")
        return model_report(opened, choice, probed=probe_cached(opened), speed=speed)


def render(report: dict[str, Any]) -> str:
    """The report for a person. What was not measured is said to be so, never shown as zero."""
    lines = [
        f"Would run: {report['model'] or report['spec']}  (backend {report['backend']})",
        f"Because:   {report['why']}",
    ]
    if report.get("size_bytes"):
        lines.append(f"Size:      {report['size_bytes'] / 1e9:.2f} GB")
    if report.get("threads"):
        lines.append(f"Threads:   {report['threads']}; {report['threads_why']}")
    speed = report.get("speed")
    if speed:
        lines.append(
            f"Speed:     {_measured(speed['single_tokens_per_s'])} tokens/s alone,"
            f" {_measured(speed['seven_tokens_per_s'])} with seven texts at once,"
            f" first word after {_measured(speed['first_token_s'])} s"
        )
    else:
        lines.append("Speed:     not measured")
    probed = report.get("probe")
    if probed:
        verdict = "writes by choosing among safe sentences" if probed["small"] else "may write freely, audited"
        lines.append(
            f"Probe:     kept {probed['score']:.0%} of what it was told ({probed['threshold']:.0%} needed): {verdict}"
        )
    if report.get("leaves_machine"):
        lines.append("Privacy:   this model runs on another machine; what you write is sent there")
    if report.get("bundled"):
        lines.append("Note:      a 135M model demonstrates the machinery, not the prose")
    lines += ["", "Choose another with --model SPEC, or NMA_MODEL for every command:"]
    lines += [f"  {form}" for form in (report.get("alternatives") or _forms()).values()]
    return "\n".join(lines)


def _forms() -> dict[str, str]:
    from nma13.llm import BACKENDS

    return dict(BACKENDS)


def _measured(value: float | None) -> str:
    return "an unmeasured number of" if value is None else f"{value:g}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
