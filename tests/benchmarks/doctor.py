"""How long `hpctl doctor -f` asks, beside the longest chain of calls of which each needs the answer before it.

The wire between hpctl and the sandbox makes every answer late by as much as a network would. The span from the first
request to the last answer holds hpctl's own time between them, and not how slowly a machine starts programs.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from statistics import median

from tests.benchmarks.wire import Wire, longest_chain, wire_to

EXAMPLES = ("eks", "slurm")
DELAYS_S = (0.05, 0.2)
ROUNDS = 3
LIMIT = 2.0


@dataclass(frozen=True)
class Span:
    """One run: seconds from first to last, those of the longest chain, and how many calls there and in all."""

    took_s: float
    chain_s: float
    chain: int
    calls: int

    @property
    def ratio(self) -> float:
        """How many times the chain the whole took."""
        return self.took_s / self.chain_s


Spans = Mapping[tuple[str, float], list[Span]]


def measure(hpctl: str, folder: Path, environment: Mapping[str, str]) -> Spans:
    """Return the spans of each example at each delay."""
    return {
        (name, delay): [span(hpctl, example(folder, name), environment, delay) for _ in range(ROUNDS)]
        for name in EXAMPLES
        for delay in DELAYS_S
    }


def span(hpctl: str, file: Path, environment: Mapping[str, str], delay_s: float) -> Span:
    """Run once; `CalledProcessError` when a check fails."""
    with wire_to(environment["AWS_ENDPOINT_URL"], delay_s) as wire:
        own = {**environment, "AWS_ENDPOINT_URL": wire.endpoint}
        subprocess.run([hpctl, "doctor", "-f", str(file)], env=own, stdout=subprocess.DEVNULL, check=True)
    return of_wire(wire, file.read_text(encoding="utf-8") + json.dumps(dict(environment)))


def of_wire(wire: Wire, given: str) -> Span:
    """Return the span of what went over a wire."""
    took = max(call.ended for call in wire.calls) - min(call.began for call in wire.calls)
    chain = longest_chain(wire.calls, given)
    return Span(took, sum(call.took for call in chain), len(chain), len(wire.calls))


def example(folder: Path, name: str) -> Path:
    """Write a shipped example and return where."""
    path = folder / f"{name}.yaml"
    path.write_text((files("hpctl.examples") / path.name).read_text(encoding="utf-8"), encoding="utf-8")
    return path


def met(spans: Spans) -> bool:
    """Tell whether the median of each example at each delay is within the limit."""
    return all(median(one.ratio for one in runs) <= LIMIT for runs in spans.values())


def report(spans: Spans) -> Iterator[str]:
    """Yield a line an example and delay."""
    yield f"{'seconds of hpctl doctor -f':<32}{'calls':>6}{'chain':>6}{'asks':>8}{'chain':>8}{'ratio':>7}  target"
    for (name, delay), runs in spans.items():
        ratio, one = median(run.ratio for run in runs), runs[0]
        asks, chain = median(run.took_s for run in runs), median(run.chain_s for run in runs)
        verdict = f"{'met' if ratio <= LIMIT else 'MISSED'}: at most {LIMIT:.1f}"
        label = f"{name}, {delay * 1000:.0f} ms a call"
        yield f"{label:<32}{one.calls:>6}{one.chain:>6}{asks:>8.2f}{chain:>8.2f}{ratio:>7.2f}  {verdict}"
    yield f"chain: calls of which each needs the answer before it; medians of {ROUNDS} runs"
