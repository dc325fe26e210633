"""The pages of checks, from the catalogue of checks: an overview, and one a check."""

from __future__ import annotations

from collections.abc import Iterator

from hpctl.catalog.failures import known_failures
from hpctl.catalog.left_out import checks_left_out, checks_named_otherwise
from hpctl.checks.catalogue import CHECKS
from hpctl.checks.declare import Check
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.kubernetes import ClusterOnEks
from hpctl.facts.live_targets import ClusterOnSlurm, LiveCluster, LiveNode, NodeInside, NodeOnEks
from hpctl.facts.records import Machine
from hpctl.facts.slurm_target import JobOnSlurm
from hpctl.spec.cluster import ClusterSpec
from tools.pages.markdown import bullets, code, codes, page, prose, table

_JUDGED = {
    Machine: "this machine",
    LiveCluster: "a live cluster",
    LiveNode: "a node of a live cluster",
    ClusterOnSlurm: "a live cluster on Slurm",
    NodeInside: "a node of a live cluster, from inside",
    NodeOnEks: "a node of a live cluster on EKS",
    ClusterOnEks: "a live cluster on EKS",
    JobInCluster: "a job",
    JobOnSlurm: "a job on Slurm",
}

SOURCE = "`hpctl.checks`"
INTRODUCTION = """\
`hpctl cluster check`, `plan` and `create` run the checks that judge a spec. Nothing is created when one fails.
`hpctl doctor` runs those that judge this machine, and with `-f FILE` these as well. `hpctl doctor CLUSTER` and
`hpctl cluster check NAME` run those that judge a live cluster, and `hpctl doctor CLUSTER --node ID` those that judge
one node of it. `hpctl job submit` and `hpctl doctor --job FILE` run those that judge a job: its objects as they would
be made, in the cluster as it is. `hpctl doctor --list` lists them all.

A check ends in one of five ways: **pass**, **warn**, **fail**, **unknown** (it could not look, for example because a
permission is missing; never a pass) or **skip** (a check that it needs did not hold, or `--skip` left it out). A check
that *must hold* stops a create or a submission when it is unknown, too, unless `--allow-unknown` is given. The ids are
stable: `--skip ID` leaves a check out. At the end stands what is not judged, and why."""


def checks() -> str:
    """Return the overview."""
    rows = ((f"[{code(one.id)}](checks/{one.id}.md)", one.title, "yes" if one.blocking else "no") for one in CHECKS)
    overview = table(("id", "what it says when it passes", "must hold"), rows)
    return page("Checks", SOURCE, INTRODUCTION, overview, *_left_out())


def check(one: Check) -> str:
    """Return the page of a check."""
    return page(one.id, SOURCE, f"**{one.title}**", prose(one.page), bullets(_facts(one)))


def _left_out() -> Iterator[str]:
    """Yield what became of the ids of the plan that no check has."""
    yield "## Ids that another check answers"
    named = sorted(checks_named_otherwise().items())
    yield table(("id", "its check"), ((code(planned), f"[{code(ours)}](checks/{ours}.md)") for planned, ours in named))
    yield "## What is not judged"
    yield table(("ids", "why"), ((codes(row.checks), row.because) for row in checks_left_out()))


def _facts(one: Check) -> Iterator[str]:
    yield f"judges: {codes(one.about) if one.target is ClusterSpec else _JUDGED[one.target]}"
    yield f"must hold: {'yes' if one.blocking else 'no'}; [what that means](../checks.md)"
    if one.needs:
        yield f"needs: {', '.join(f'[{code(need)}]({need}.md)' for need in one.needs)}"
    yield f"asks AWS: {codes(one.reads)}" if one.reads else "asks AWS: nothing"
    prevents = [f"[{code(row.id)}](../failures/{row.id}.md)" for row in known_failures() if one.id in row.checks]
    if prevents:
        yield f"sees beforehand: {', '.join(prevents)}"
