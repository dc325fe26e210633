"""CPU time of commands: medians of interleaved runs, and whether a target is met.

CPU time (user and system, of the command and the children it waited for) is what stays the same on a busy machine;
wall time does not. Runs are interleaved, so that whatever slows the machine slows every command alike.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

ROUNDS = 9


@dataclass(frozen=True)
class Command:
    """A command line to measure, and the environment it runs in."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Target:
    """The median of `command` may be `limit` CPU seconds, or `limit` times the median of `yardstick`."""

    command: str
    limit: float
    yardstick: str | None = None

    def ceiling(self, medians: Mapping[str, float]) -> float:
        """Return the most CPU seconds that this run allows."""
        return self.limit * (medians[self.yardstick] if self.yardstick else 1.0)

    def met(self, medians: Mapping[str, float]) -> bool:
        """Tell whether the median of this run is within the target."""
        return medians[self.command] <= self.ceiling(medians)

    def __str__(self) -> str:
        return f"{self.limit:.2f} x `{self.yardstick}`" if self.yardstick else f"{self.limit:.2f} s"


def cpu_seconds(command: Command) -> float:
    """Run once and return user plus system time in seconds; `RuntimeError` when the command fails."""
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            command.argv,
            env=dict(command.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            said.seek(0)
            text = said.read().decode(errors="replace")
            raise RuntimeError(f"`{' '.join(command.argv)}` ended with {child.returncode}\n{text}")
    return usage.ru_utime + usage.ru_stime


def measure(commands: Sequence[Command], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Return the CPU seconds of each command, after one run of each that is not counted."""
    for command in commands:
        cpu_seconds(command)
    samples: dict[str, list[float]] = {command.name: [] for command in commands}
    for _ in range(rounds):
        for command in commands:
            samples[command.name].append(cpu_seconds(command))
    return samples


def medians(samples: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return the median of each command's samples."""
    return {name: statistics.median(values) for name, values in samples.items()}


def table(samples: Mapping[str, Sequence[float]], targets: Sequence[Target], yardstick: str) -> Iterator[str]:
    """Yield a line a command: its figures, its share of the yardstick, its target and the verdict."""
    middle = medians(samples)
    by_command = {target.command: target for target in targets}
    yield f"{'CPU seconds':<32}{'median':>8}{'lowest':>8}{'highest':>9}{'ratio':>7}  target"
    for name, values in samples.items():
        share = middle[name] / middle[yardstick]
        figures = f"{middle[name]:>8.3f}{min(values):>8.3f}{max(values):>9.3f}{share:>7.2f}"
        yield f"{name:<32}{figures}  {_verdict(by_command.get(name), middle)}".rstrip()
    yield f"ratio: to `{yardstick}`; medians of {len(next(iter(samples.values())))} interleaved runs"


def _verdict(target: Target | None, middle: Mapping[str, float]) -> str:
    if target is None:
        return ""
    return f"{'met' if target.met(middle) else 'MISSED'}: at most {target}"
