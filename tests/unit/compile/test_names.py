"""Whatever a job is called: its objects, pods and hosts have names that Kubernetes takes."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hpctl.compile.indexed import indexed_hosts
from hpctl.compile.jobset import job_set_hosts
from hpctl.compile.objects import compile_job
from hpctl.compile.placement import place
from hpctl.compile.pytorchjob import pytorch_hosts
from hpctl.facts.jobs import BATCH_JOB, JOB_SET, PYTORCH_JOB, ObjectKind
from hpctl.spec.kubernetes_names import job_name
from tests.unit.compile.wishes import a_payload, a_task, some_nodes

HOST = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
"""An RFC 1035 label: what a Service is called, and here every host too."""
NAME = re.compile(r"[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?", re.ASCII)
NODES = some_nodes(100, "ml.m5.xlarge")


@pytest.mark.parametrize("kind", [BATCH_JOB, PYTORCH_JOB, JOB_SET], ids=lambda kind: kind.kind)
@given(st.text(max_size=80))
@example("7b-sft")
@example("A Very Long Name Of A Job That Somebody Gave It In Earnest, Twice Over")
@example("ünïcödé")
@example("-")
def test_all_names_that_come_of_a_jobs_are_taken(kind: ObjectKind, text: str) -> None:
    wish = a_task(name=job_name(text), nodes=100, secrets=("T",))
    payload = a_payload(secrets={"T": "x"}, archives={"/a": b"a"})
    bundle = compile_job(wish, place(wish, NODES, {}), (kind,), payload, kind=kind)
    for manifest in (*bundle.before, bundle.job):
        form = HOST if manifest.kind.kind in ("Service", kind.kind) else NAME
        assert form.fullmatch(manifest.name)
    hosts = {BATCH_JOB: indexed_hosts, PYTORCH_JOB: pytorch_hosts, JOB_SET: job_set_hosts}[kind](wish)
    assert len(set(hosts)) == 100
    for part in ".".join(hosts).split("."):
        assert HOST.fullmatch(part)
