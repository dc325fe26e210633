"""How a check is declared: one small function, its id, its title, and what must hold before it is worth asking."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from hpctl.facts.job_target import JobInCluster
from hpctl.facts.kubernetes import ClusterOnEks
from hpctl.facts.live_targets import ClusterOnSlurm, LiveCluster, LiveNode, NodeInside, NodeOnEks
from hpctl.facts.records import Machine
from hpctl.facts.slurm_target import JobOnSlurm
from hpctl.facts.world import World
from hpctl.report.action import Fix
from hpctl.report.check import Finding
from hpctl.spec.cluster import ClusterSpec
from hpctl.terms import Orchestrator

Path = tuple[str | int, ...]
"""A place in the spec, such as `instance_groups`, 0, `count`."""

Target = (
    ClusterSpec
    | JobInCluster
    | JobOnSlurm
    | LiveCluster
    | ClusterOnSlurm
    | LiveNode
    | NodeInside
    | NodeOnEks
    | ClusterOnEks
    | Machine
)
"""What a check can judge."""

Judged = TypeVar(
    "Judged",
    ClusterSpec,
    JobInCluster,
    JobOnSlurm,
    LiveCluster,
    ClusterOnSlurm,
    LiveNode,
    NodeInside,
    NodeOnEks,
    ClusterOnEks,
    Machine,
)
Judge = Callable[[Any, World], Iterator[Finding]]
"""A function of one target and the world; the engine sees to it that the target is of the check's type."""


@dataclass(frozen=True)
class Check:
    """A declared check. The judge's docstring is the check's page in the reference.

    `about` names the top-level spec fields it judges, `needs` the checks that must not have failed,
    `blocking` whether not being able to look stops a create, `reads` the APIs of AWS and Kubernetes it asks (none:
    it works offline), `target` what kind of thing it judges, `only_on` the orchestrator that it is a matter of: a spec
    for the other one has nothing that it could judge.
    """

    id: str
    title: str
    judge: Judge
    about: tuple[str, ...]
    needs: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    blocking: bool = True
    target: type[Target] = ClusterSpec
    only_on: Orchestrator | None = None

    def judges(self, target: Target) -> bool:
        """Whether there is something in `target` for this check to judge."""
        foreign = isinstance(target, ClusterSpec) and self.only_on not in {None, target.kind_of_orchestrator}
        return isinstance(target, self.target) and not foreign

    @property
    def page(self) -> str:
        """The text of the check's page."""
        return self.judge.__doc__ or ""


def check(
    check_id: str,
    title: str,
    *,
    about: tuple[str, ...] = (),
    needs: tuple[str, ...] = (),
    reads: tuple[str, ...] = (),
    blocking: bool = True,
    only_on: Orchestrator | None = None,
) -> Callable[[Callable[[Judged, World], Iterator[Finding]]], Check]:
    """Declare the decorated function as a check; the type of its first parameter is what the check judges."""

    def declare(judge: Callable[[Judged, World], Iterator[Finding]]) -> Check:
        return Check(check_id, title, judge, about, needs, reads, blocking, _target(judge), only_on)

    return declare


def _target(judge: Judge) -> type[Target]:
    first = next(iter(inspect.signature(judge, eval_str=True).parameters.values()))
    return cast("type[Target]", first.annotation)


def fail(
    subject: str, message: str, *evidence: str, remedy: str | None = None, at: Path = (), fix: tuple[Fix, ...] = ()
) -> Finding:
    """Build a finding that fails the check; `fix` is what hpctl may do about it by itself."""
    return Finding(level="fail", subject=subject, message=message, evidence=evidence, remedy=remedy, path=at, fix=fix)


def warn(
    subject: str, message: str, *evidence: str, remedy: str | None = None, at: Path = (), fix: tuple[Fix, ...] = ()
) -> Finding:
    """Build a finding that warns; `fix` is what hpctl may do about it by itself."""
    return Finding(level="warn", subject=subject, message=message, evidence=evidence, remedy=remedy, path=at, fix=fix)


def note(subject: str, message: str, *evidence: str, at: Path = ()) -> Finding:
    """Build a finding that only informs."""
    return Finding(level="note", subject=subject, message=message, evidence=evidence, path=at)
