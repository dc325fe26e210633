"""The pages of known failures, from the catalog: an overview, and one a failure."""

from __future__ import annotations

from collections.abc import Iterable

from hpctl.catalog.failures import KnownFailure, known_failures
from tools.pages.markdown import bullets, code, fence, page, table

INTRODUCTION = """\
When one of these is said, hpctl says what is behind it and what to type.
[`hpctl explain`](../how-to/explain-a-failure.md) does so for a message, a log or a live cluster.
`hpctl cluster create`, `describe` and `events`, `hpctl node describe`, and `hpctl job describe` and `wait` do so by
themselves. A failure that is not listed is shown in its own words.

`blocks`: it cannot go on. `degrades`: it goes on, but not as wanted. `noise`: it can be ignored. Those that are `seen`
are told by the state of things alone: no words of a log or message tell of them, and `hpctl explain --id ID` shows
them. In the commands, `{placeholders}` stand for what hpctl fills in where it knows it."""

SOURCE = "`hpctl/catalog/known_failures/`"
BASIS = {
    "documentation": "the documentation of AWS, or of the program that says it",
    "guides": "samples, workshops and operational guides that AWS publishes",
    "reported": "reports by users in public issues",
    "observed": "observation of the live service, or measurement",
    "service-model": "botocore's service model",
    "common": "general knowledge of Kubernetes, NCCL and Neuron: the words were not seen on HyperPod",
}
AREAS = {
    "creation": "Creation of clusters",
    "lifecycle": "Lifecycle scripts",
    "slurm": "Slurm",
    "eks": "EKS and its nodes",
    "refusals": "Requests that contradict themselves or the account",
    "access": "Ways to nodes and to Kubernetes",
    "operations": "Operations on live clusters",
    "pods": "Pods that do not start",
    "jobs": "Jobs that fail",
    "general": "In general",
}


def failures() -> str:
    """Return the overview."""
    known = known_failures()
    return page("Known failures", SOURCE, INTRODUCTION, *(_overview(area, known) for area in AREAS))


def failure(one: KnownFailure) -> str:
    """Return the page of a failure."""
    said = fence("\n".join(one.samples)) if one.samples else f"Seen: {one.symptom}."
    cause = f"{one.cause[0].upper()}{one.cause[1:]}."
    remedy = f"## Remedy\n\n{fence(one.remedy)}"
    return page(one.id, SOURCE, said, cause, remedy, bullets(_facts(one)))


def _overview(area: str, known: Iterable[KnownFailure]) -> str:
    those = (one for one in known if one.area == area)
    rows = ((f"[{code(one.id)}](failures/{one.id}.md)", one.severity.value, one.example) for one in those)
    return f"## {AREAS[area]}\n\n" + table(("id", "severity", "what is said, for example, or seen"), rows)


def _facts(one: KnownFailure) -> list[str]:
    seen_by = [f"[{code(check)}](../checks/{check}.md)" for check in one.checks]
    return [
        f"severity: {one.severity.value}; [what that means](../failures.md)",
        f"area: {AREAS[one.area]}",
        *([f"seen beforehand by: {', '.join(seen_by)}"] if seen_by else []),
        f"known from: {BASIS[one.basis]}",
    ]
