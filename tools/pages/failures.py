"""The page of known failures, from the catalog."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hpctl.catalog.failures import KnownFailure, known_failures
from tools.pages.markdown import bullets, code, fence, page, sections, table

INTRODUCTION = """\
When one of these is said, hpctl says what is behind it and what to type.
[`hpctl explain`](../how-to/explain-a-failure.md) does so for a message, a log or a live cluster.
`hpctl cluster create`, `describe` and `events`, `hpctl node describe`, and `hpctl job describe` and `wait` do so by
themselves. A failure that is not listed is shown in its own words.

`blocks`: it cannot go on. `degrades`: it goes on, but not as wanted. `noise`: it can be ignored. Those that are `seen`
are told by the state of things alone: no words of a log or message tell of them, and `hpctl explain --id ID` shows
them. In the commands, `{placeholders}` stand for what hpctl fills in where it knows it."""

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
    "access": "Ways to nodes and to Kubernetes",
    "operations": "Operations on live clusters",
    "pods": "Pods that do not start",
    "jobs": "Jobs that fail",
    "general": "In general",
}


def failures() -> str:
    """Return the page."""
    known = known_failures()
    overview = "\n\n".join(_overview(area, known) for area in AREAS)
    details = sections((one.id, _details(one)) for one in known)
    return page("Known failures", "`hpctl/catalog/known_failures/`", INTRODUCTION, overview, details)


def _overview(area: str, known: Iterable[KnownFailure]) -> str:
    rows = ((f"[{code(one.id)}](#{one.id})", one.severity.value, one.example) for one in known if one.area == area)
    return f"**{AREAS[area]}**\n\n" + table(("id", "severity", "what is said, for example, or seen"), rows)


def _details(one: KnownFailure) -> Iterator[str]:
    yield fence("\n".join(one.samples)) if one.samples else f"Seen: {one.symptom}."
    yield f"{one.cause[0].upper()}{one.cause[1:]}."
    yield fence(one.remedy)
    yield bullets(_facts(one))


def _facts(one: KnownFailure) -> Iterator[str]:
    yield f"severity: {one.severity.value}"
    seen_by = [f"[{code(check)}](checks.md#{check})" for check in one.checks]
    if seen_by:
        yield f"seen beforehand by: {', '.join(seen_by)}"
    yield f"known from: {BASIS[one.basis]}"
