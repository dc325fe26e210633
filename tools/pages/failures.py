"""The page of known failures, from the catalog."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.catalog.failures import KnownFailure, known_failures, known_job_failures
from hpctl.checks.catalogue import CLUSTER_CHECKS, JOB_CHECKS
from tools.pages.markdown import bullets, code, fence, page, sections, table

INTRODUCTION = """\
When AWS says one of these, hpctl says what is behind it and what to type. `hpctl cluster create`, `describe` and
`events` and `hpctl node describe` do so. The ids that begin with `job-` are of what jobs print before they fail:
`hpctl job describe` and `wait` know them. A failure that is not listed is shown in its own words.

`blocks`: it cannot go on. `degrades`: it goes on, but not as wanted. `noise`: it can be ignored. In the commands,
`{placeholders}` stand for what hpctl fills in where it knows it."""

BASIS = {
    "documentation": "AWS's documentation",
    "guides": "samples and operational guides that AWS publishes",
    "reported": "reports by users of AWS's public sample repositories",
    "observed": "observation of the live service",
}
CHECK_IDS = frozenset(one.id for one in (*CLUSTER_CHECKS, *JOB_CHECKS))


def failures() -> str:
    """Return the page."""
    known = (*known_failures(), *known_job_failures())
    rows = ((f"[{code(one.id)}](#{one.id})", one.severity.value, one.samples[0]) for one in known)
    overview = table(("id", "severity", "what is said, for example"), rows)
    details = sections((one.id, _details(one)) for one in known)
    source = "`hpctl/catalog/failures.toml` and `job_failures.toml`"
    return page("Known failures", source, INTRODUCTION, overview, details)


def _details(one: KnownFailure) -> Iterator[str]:
    yield fence("\n".join(one.samples))
    yield f"{one.cause[0].upper()}{one.cause[1:]}."
    yield fence(one.remedy)
    yield bullets(_facts(one))


def _facts(one: KnownFailure) -> Iterator[str]:
    yield f"severity: {one.severity.value}"
    seen_by = [f"[{code(check)}](checks.md#{check})" for check in one.checks if check in CHECK_IDS]
    if seen_by:
        yield f"seen beforehand by: {', '.join(seen_by)}"
    yield f"known from: {BASIS[one.basis]}"
