"""What CloudWatch keeps of one node, read and followed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from itertools import islice

import pytest

from hpctl.errors import NotFoundError, UnavailableError
from hpctl.report.logs import LogLines, LogNote, LogStep
from hpctl.services.node_logs import NodeLogWish, Source, read
from tests.unit.builders import CLUSTER_ARN, NOW, a_cluster, a_node
from tests.unit.fakes import FakeAccount

NODE = "i-0a1b2c3d4e5f60718"
GROUP = f"/aws/sagemaker/Clusters/ml-cluster/{CLUSTER_ARN.rpartition('/')[2]}"
LIFECYCLE = f"LifecycleConfig/workers/{NODE}"
AGENT = f"SagemakerHealthMonitoringAgent/workers/{NODE}"


def account_with(**streams: tuple[str, ...]) -> FakeAccount:
    account = FakeAccount()
    account.clusters.add(a_cluster())
    account.clusters.nodes_of["ml-cluster"] = [a_node(NODE)]
    names = {"lifecycle": LIFECYCLE, "agent": AGENT}
    for name, lines in streams.items():
        account.logs.lines[GROUP, names.get(name, f"DeepHealthCheckResults/{name}")] = lines
    account.logs.groups.add(GROUP)
    return account


def told(account: FakeAccount, wish: NodeLogWish = NodeLogWish()) -> list[str]:  # noqa: B008  frozen
    return list(lines_of(read("ml-cluster", NODE, wish, account.ports)))


def lines_of(steps: Iterable[LogStep]) -> list[str]:
    said: list[str] = []
    for step in steps:
        if isinstance(step, LogLines):
            said += [f"{step.source.label}: {line.decode()}" for line in step.lines]
        elif isinstance(step, LogNote):
            said.append(f"note: {step.message}")
    return said


def test_all_pages_of_all_sources_are_read_in_order() -> None:
    account = account_with(lifecycle=("a", "b", "c", "d", "e"), agent=("x",))
    assert told(account) == [*(f"lifecycle: {one}" for one in "abcde"), "health-agent: x"]


def test_lines_have_their_times() -> None:
    account = account_with(lifecycle=("a", "b"))
    block = next(step for step in read("ml-cluster", NODE, NodeLogWish(), account.ports) if isinstance(step, LogLines))
    assert block.times_ns == [int(NOW.timestamp()) * 10**9, (int(NOW.timestamp()) + 1) * 10**9]


def test_only_the_source_that_is_asked_for_and_only_its_last_lines() -> None:
    account = account_with(lifecycle=("a", "b", "c"), agent=("x",))
    assert told(account, NodeLogWish((Source.LIFECYCLE,), tail=2)) == ["lifecycle: b", "lifecycle: c"]


def test_only_what_is_later() -> None:
    account = account_with(lifecycle=("a", "b", "c"))
    assert told(account, NodeLogWish(since=NOW + timedelta(seconds=1))) == ["lifecycle: b", "lifecycle: c"]


def test_another_node_whose_id_begins_alike_is_not_meant() -> None:
    account = account_with(agent=("x",))
    account.logs.lines[GROUP, f"{LIFECYCLE}0"] = ("not mine",)
    assert told(account) == ["health-agent: x"]


def test_results_of_deep_health_checks_are_found_by_name_or_by_what_they_say() -> None:
    account = account_with(**{"7f3a": (f"node {NODE}: passed",), "8b1c": ("node i-1: failed",)})
    assert told(account) == [f"deep-health-check: node {NODE}: passed"]
    account = account_with(**{f"x-{NODE}": ("passed",), "8b1c": (f"see {NODE}",)})
    assert told(account) == ["deep-health-check: passed"]


def test_what_is_missing_is_said_where_it_was_asked_for() -> None:
    (said,) = told(account_with(agent=("x",)), NodeLogWish((Source.LIFECYCLE,)))
    assert said.startswith(f"note: {NODE}: its lifecycle scripts have said nothing: they have not begun")
    assert said.endswith(f"(log group {GROUP})")


def test_where_nothing_at_all_is_there_each_source_is_explained() -> None:
    account = account_with()
    account.logs.groups.clear()
    assert [line.partition(":")[0] for line in told(account)] == ["note"] * 3


def test_a_node_that_is_not_there_is_an_error() -> None:
    with pytest.raises(NotFoundError):
        list(read("ml-cluster", "i-1", NodeLogWish(), account_with().ports))


def followed(account: FakeAccount, count: int) -> list[LogStep]:
    return list(islice(read("ml-cluster", NODE, NodeLogWish(follow=True), account.ports), count))


def test_new_lines_and_new_streams_come_once_each() -> None:
    account = account_with(lifecycle=("a",))
    account.clock.at(3, lambda: account.logs.lines.update({(GROUP, LIFECYCLE): ("a", "b")}))
    account.clock.at(7, lambda: account.logs.lines.update({(GROUP, AGENT): ("x",)}))
    assert lines_of(followed(account, 3)) == ["lifecycle: a", "lifecycle: b", "health-agent: x"]


def test_an_outage_while_following_is_said_once_and_loses_nothing() -> None:
    account = account_with(lifecycle=("a",))
    account.calls.let_pass("logs.page")
    account.calls.let_pass("logs.page")
    account.calls.fail("logs.page", UnavailableError("down"), UnavailableError("down"))
    account.clock.at(3, lambda: account.logs.lines.update({(GROUP, LIFECYCLE): ("a", "b")}))
    first, note, last = lines_of(followed(account, 3))
    assert (first, last) == ("lifecycle: a", "lifecycle: b")
    assert note.startswith("note: AWS does not answer")


def test_an_outage_that_lasts_ends_it() -> None:
    account = account_with(lifecycle=("a",))
    account.calls.let_pass("logs.page")
    account.calls.let_pass("logs.page")
    account.calls.fail_always("logs.page", UnavailableError("down"))
    with pytest.raises(UnavailableError):
        followed(account, 5)
