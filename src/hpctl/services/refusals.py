"""What AWS refuses while a plan is carried out, with the known cause and the way on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hpctl.errors import ConflictError, RefusedError, StateError
from hpctl.report.plan import PlanReport
from hpctl.services.diagnose import explain


@contextmanager
def explained(plan: PlanReport) -> Iterator[None]:
    """Let a refusal come with its known cause and remedy."""
    try:
        yield
    except RefusedError as error:
        known = explain(f"cluster/{plan.cluster}", error.message, _values(plan))
        hint = known.remedy or error.hint
        raise RefusedError(error.message, aws_code=error.aws_code, cause=known.cause, hint=hint) from error


@contextmanager
def settling(plan: PlanReport, again: str) -> Iterator[None]:
    """Let a conflict with what AWS still does say to wait, and then to do `again` what was refused."""
    try:
        yield
    except StateError:  # a conflict with this machine's disk and no other, which says by itself what to do
        raise
    except ConflictError as error:
        hint = error.hint or f"wait until it is settled, then {again} again: hpctl cluster describe {plan.cluster}"
        raise ConflictError(error.message, hint=hint) from error


def _values(plan: PlanReport) -> dict[str, str | None]:
    eks_arn = plan.actions[0].request.get("Orchestrator", {}).get("Eks", {}).get("ClusterArn")
    return {
        "name": plan.cluster,
        "region": plan.identity.region,
        "eks_cluster": eks_arn.rpartition("/")[2] if eks_arn else None,
    }
