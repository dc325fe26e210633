"""What hpctl makes of a job is taken as it is, whichever kind it becomes, and a misspelt field of it is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hpctl.compile.objects import compile_job
from hpctl.compile.placement import place
from hpctl.facts.jobs import BATCH_JOB, HYPERPOD_PYTORCH_JOB, JOB_SET, PYTORCH_JOB, ObjectKind
from hpctl.spec.job import Resume
from tests.contract.kubernetes.capabilities import needs
from tests.contract.kubernetes.space import Space, path
from tests.unit.compile.wishes import a_choice, a_payload, a_wish, some_nodes

KINDS = (PYTORCH_JOB, HYPERPOD_PYTORCH_JOB, JOB_SET, BATCH_JOB)


def objects(space: Space, kind: ObjectKind) -> list[tuple[str, dict[str, Any]]]:
    """Return the objects of a job with a bit of everything, each with the collection that it belongs to."""
    resume = Resume(max_retries=2)
    wish = a_wish(
        a_choice("H100", 8), nodes=2, env={"A": "$(B)"}, resume=resume, timeout_s=60, ports=(8000,),
        secrets=("TOKEN",), namespace=space.name,
    )  # fmt: skip
    payload = a_payload(secrets={"TOKEN": "x"}, archives={"/workdir": b"files"})
    bundle = compile_job(wish, place(wish, some_nodes(2), {}), KINDS, payload, kind=kind)
    rows = [*bundle.before, bundle.job]
    return [(path(row.kind.plural, inside=space.name), json.loads(json.dumps(row.body))) for row in rows]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_every_object_of_a_compiled_job_is_taken(space: Space, kind: ObjectKind) -> None:
    needs(space.cluster, kind.plural)
    for collection, body in objects(space, kind):
        space.cluster.post(collection, body, dryRun="All", fieldValidation="Strict").good()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_a_misspelt_field_of_a_compiled_job_is_not(space: Space, kind: ObjectKind) -> None:
    needs(space.cluster, kind.plural)
    collection, body = objects(space, kind)[-1]
    body["spec"]["unheard"] = 1
    answer = space.cluster.post(collection, body, dryRun="All", fieldValidation="Strict")
    assert answer.code == 400
    assert "unheard" in answer.message
