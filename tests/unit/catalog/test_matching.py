"""Of several failures in a text the cause is the earliest that is no follower; each is told once, at its line."""

from __future__ import annotations

import time

import pytest

from hpctl.catalog.failures import Scope
from hpctl.catalog.matching import in_order, match, sightings

OOM = "torch.OutOfMemoryError: CUDA out of memory."
WATCHDOG = "[Rank 3] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=812)"
SOCKET = "NCCL INFO Using network Socket"
MODULE = "ModuleNotFoundError: No module named 'transformers'"
NOISE = "[WARN] Kernel module nvidia_uvm is not loaded. Make sure the driver is installed."


def told(text: str, scope: Scope | None = None) -> list[tuple[str, int]]:
    return [(one.failure.id, one.line) for one in in_order(sightings(text, scope))]


def test_the_earliest_failure_is_the_cause_and_the_others_follow_by_their_lines() -> None:
    text = f"step 1\n{MODULE}\n\n{OOM}\n{MODULE}\n"
    assert told(text) == [("job-python-module", 2), ("job-device-memory", 4)]


@pytest.mark.parametrize("follower", [WATCHDOG, "ConnectionRefusedError: [Errno 111] Connection refused"])
def test_a_timeout_gives_way_to_whatever_else_is_told(follower: str) -> None:
    assert told(f"{follower}\nx\n{OOM}")[0] == ("job-device-memory", 3)
    assert match(follower) is not None


def test_what_degrades_gives_way_to_what_blocks_and_comes_before_followers_and_noise() -> None:
    assert told(f"{SOCKET}\n{OOM}")[0] == ("job-device-memory", 2)
    assert told(f"{WATCHDOG}\n{SOCKET}")[0] == ("job-efa-fallback", 2)
    assert told(f"{NOISE}\n{WATCHDOG}")[0] == ("job-collective-timeout", 2)


def test_a_message_that_was_broken_into_lines_is_found_where_it_begins() -> None:
    text = "Status: Failed\nReason: EFA health checks did\n    not run\nsuccessfully. Ensure that"
    assert told(text) == [("efa-health-check", 2)]


def test_a_specific_failure_that_was_broken_comes_before_the_general_one_of_a_line() -> None:
    text = (
        "An error occurred (ResourceLimitExceeded) when calling the CreateCluster operation: The account-level\n"
        "service limit 'ml.p5.48xlarge for cluster\nusage' is 0 Instances"
    )
    assert told(text)[0][0] == "quota-instance-type"


def test_lines_of_a_long_log_are_not_joined() -> None:
    log = "step\n" * 20
    assert told(f"{log}EFA health checks did\nnot run successfully\n") == []


def test_somebody_who_listens_to_jobs_hears_nothing_of_clusters() -> None:
    assert match("EKS clusters with CONFIG_MAP authentication mode are not supported", Scope.JOB) is None
    assert match(OOM, Scope.CLUSTER) is None


def test_evidence_is_cut() -> None:
    (found,) = sightings(OOM + "x" * 10_000)
    assert len(found.text) == 500


@pytest.mark.parametrize(
    "text",
    [
        "Lifecycle scripts did not run successfully " * 50_000,
        "Embedded stack arn:aws:cloudformation:" * 50_000,
        "AccessDenied (403) " * 50_000,
        "fsx-lustre-client-repo Failed to fetch " * 50_000,
        "training plan " * 50_000,
        "KMS AccessDenied " * 50_000,
        "NET/OFI " * 50_000,
        "pull image registry " * 50_000,
        "bash: " * 50_000,
        "\\" * 500_000,
        "\x1b]" * 500_000,
        " " * 1_000_000,
        "\n" * 1_000_000,
    ],
)
def test_a_pasted_text_is_searched_in_no_time(text: str) -> None:
    started = time.process_time()
    match(text)
    assert time.process_time() - started < 1
