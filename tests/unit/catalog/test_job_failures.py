"""Each known failure of jobs is recognised by its words, and ordinary log lines are not."""

from __future__ import annotations

import re
import time

import pytest

from hpctl.catalog.failures import KnownFailure, known_failures, known_job_failures, match_job
from hpctl.checks.catalogue import CLUSTER_CHECKS, JOB_CHECKS

ROWS = known_job_failures()
SAMPLES = [(row, sample) for row in ROWS for sample in row.samples]
PLACEHOLDERS = {"job", "rank", "flags", "cluster", "cluster_flag", "eks_cluster", "namespace"}


@pytest.mark.parametrize(("row", "sample"), SAMPLES, ids=lambda one: getattr(one, "id", ""))
def test_a_sample_is_recognised_among_other_lines(row: KnownFailure, sample: str) -> None:
    found = match_job(f"epoch 3 loss 0.1\nTraceback (most recent call last):\n{sample}\nexit\n")
    assert found is not None
    assert found.id == row.id


@pytest.mark.parametrize(
    "text",
    [
        "",
        "epoch 1: loss 2.3, memory allocated 70 GiB of 80 GiB",
        "NET/OFI Selected Provider is efa (found 32 nics)",
        "NCCL INFO Connected all rings",
        "Waiting for clients",
        "Defaulted container",
        "listening on port 22",
        "TimeoutError: my own",
        "404 Client Error: Not Found for url: https://huggingface.co/x",
        "FileNotFoundError: [Errno 2] No such file or directory: 'not found'",
        "key not found",
    ],
)
def test_ordinary_lines_are_no_known_failure(text: str) -> None:
    assert match_job(text) is None


def test_rows_are_complete_and_no_id_is_used_twice() -> None:
    assert len({row.id for row in (*ROWS, *known_failures())}) == len(ROWS) + len(known_failures())
    for row in ROWS:
        assert row.id.startswith("job-")
        assert row.samples, row.id
        assert row.cause, row.id
        assert not row.cause.endswith("."), row.id
        *_, command = row.remedy.splitlines()
        assert command.split()[0] in {"aws", "hpctl"}, row.id
        assert set(re.findall(r"\{([a-z][a-z0-9_]*)\}", row.remedy)) <= PLACEHOLDERS, row.id


def test_the_checks_that_see_a_cause_beforehand_exist() -> None:
    known = {one.id for one in (*CLUSTER_CHECKS, *JOB_CHECKS)}
    assert {check for row in ROWS for check in row.checks} <= known


def test_the_end_of_a_long_log_is_what_counts() -> None:
    found = match_job("noise\n" * 50_000 + "ModuleNotFoundError: No module named 'x'")
    assert found is not None
    assert found.id == "job-python-module"


@pytest.mark.parametrize("text", ["NET/OFI " * 50_000, "Access to model " * 50_000, "bash: " * 50_000, " " * 1_000_000])
def test_a_long_log_is_searched_in_no_time(text: str) -> None:
    started = time.process_time()
    match_job(text)
    assert time.process_time() - started < 1
