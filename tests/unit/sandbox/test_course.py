"""Whatever is asked in whatever order: counts, seats and interfaces agree, and nothing rewrites the past."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from hpctl.sandbox.clock import Moment
from hpctl.sandbox.sagemaker import changes
from hpctl.sandbox.sagemaker.cluster import Change, Cluster, Deleted, Group, NodesDeleted, Rebooted, Seat
from hpctl.sandbox.sagemaker.course import Course
from hpctl.sandbox.sagemaker.faults import Injected, Kind
from hpctl.sandbox.sagemaker.placement import Placement
from hpctl.sandbox.sagemaker.timeline import ClusterState, NodeState, state_of
from tests.unit.sandbox.clusters import CONTINUOUS, START, a_cluster, at, moment

REST = 60.0


class Seats:
    """Gives seats as a `Placement` does, without an account."""

    def opened(
        self,
        spec: Mapping[str, Any],
        indexes: range,
        restricted: bool,
        zones: Collection[str] = (),
    ) -> Group:
        del zones
        return self.filled(spec, tuple(_seat(spec["InstanceGroupName"], index) for index in indexes), restricted)

    def filled(self, spec: Mapping[str, Any], seats: tuple[Seat, ...], restricted: bool) -> Group:
        return Group(spec["InstanceGroupName"], spec, seats, None, restricted)


SEATS = cast("Placement", Seats())


def _seat(group: str, index: int) -> Seat:
    address = f"10.0.{ord(group[0])}.{index}"
    place = ("ml.p5.48xlarge", "subnet-1", address, "us-west-2a", "usw2-az1")
    return Seat(group, index, f"{group}-{index}", *place, ((address,),))


def _spec(group: str, count: int) -> dict[str, Any]:
    return {"InstanceGroupName": group, "InstanceCount": count, "ExecutionRole": "arn:role"}


def _ask(cluster: Cluster, state: ClusterState, share: float, what: tuple[str, str, int]) -> Change | None:
    verb, group, number = what
    there = state.staying(group)
    now = moment(share)
    match verb:
        case "update":
            request = {"InstanceGroups": [_spec(group, number)]}
            return changes.updated(cluster, state, request, SEATS, now)
        case "delete group" if state.group(group):
            return changes.updated(cluster, state, {"InstanceGroupsToDelete": [group]}, SEATS, now)
        case "add" if state.group(group):
            request = {"NodesToAdd": [{"InstanceGroupName": group, "IncrementTargetCountBy": number + 1}]}
            return changes.nodes_added(cluster, state, request, SEATS, now)
        case _ if there:
            return _ask_of_nodes(state, verb, there, now)
    return None


def _ask_of_nodes(state: ClusterState, verb: str, there: list[NodeState], now: Moment) -> Change | None:
    match verb:
        case "delete":
            return NodesDeleted(now, {}, closes=(there[-1].seat.logical_id,))
        case "reboot" if there[0].status == "Running":
            return Rebooted(now, {}, nodes=(there[0].seat.logical_id,))
        case "replace" if there[0].status == "Running":
            return changes.replaced(state, {}, there[:1], SEATS, now)
        case "software":
            return changes.software_updated(state, {}, {there[0].seat.group: {}}, SEATS, now)
    return None


def _state(cluster: Cluster, share: float, *faults: Injected) -> ClusterState | None:
    course = Course(cluster, faults)
    course.advance(at(share))
    return state_of(course)


asked = st.lists(
    st.tuples(
        st.sampled_from(["update", "delete group", "add", "delete", "reboot", "replace", "software"]),
        st.sampled_from(["a", "b"]),
        st.integers(0, 4),
        st.sampled_from([0.0, 0.1, 0.2, 0.37, 0.8, 1.5]),
    ),
    max_size=6,
)


def _story(steps: list[tuple[str, str, int, float]], request: Mapping[str, Any]) -> tuple[Cluster, float]:
    cluster = a_cluster(SEATS.opened(_spec("a", 2), range(2), False), request=request)
    share = 1.2
    for verb, group, number, later in steps:
        share += later
        state = _state(cluster, share)
        assert state is not None
        if state.status != "InService" or any(each.status == "Deleting" for each in state.groups):
            continue
        change = _ask(cluster, state, share, (verb, group, number))
        if change is not None:
            cluster = replace(cluster, changes=(*cluster.changes, change))
    return cluster, share


@given(asked, st.sampled_from([CONTINUOUS, {}]))
@settings(max_examples=60, deadline=None)
def test_counts_and_interfaces_always_agree_and_come_to_rest(
    steps: list[tuple[str, str, int, float]], request: Mapping[str, Any]
) -> None:
    cluster, last = _story(steps, request)
    for share in (0.5, 1.3, last, last + 0.2, last + 0.35, last + 1.0):
        state = _state(cluster, share)
        assert state is not None
        seats = [node.seat.logical_id for node in state.seats]
        assert len(set(seats)) == len(seats)
        for group in state.groups:
            own = [node for node in state.seats if node.seat.group == group.name]
            assert group.target_count == sum(not node.closing for node in own)
            assert group.current_count <= len(own)
        assert all(node.holds == node.listed for node in state.seats)
    rest = _state(cluster, last + REST)
    assert rest is not None
    assert rest.status == "InService"
    assert all(group.current_count == group.target_count for group in rest.groups)
    assert {node.status for node in rest.seats} <= {"Running"}
    course = Course(cluster)
    course.advance(at(last + REST))
    assert {each.status for each in course.operations} <= {"Done", "Superseded"}


@given(asked, st.floats(1.0, 6.0), st.sampled_from([CONTINUOUS, {}]))
@settings(max_examples=40, deadline=None)
def test_nothing_that_comes_later_rewrites_what_was(
    steps: list[tuple[str, str, int, float]], share: float, request: Mapping[str, Any]
) -> None:
    cluster, last = _story(steps, request)
    # Nobody asks for a change without knowing the faults that were there before it.
    fault = Injected("late", Kind.EFA, at(max(share, last) + 0.01))
    known = tuple(change for change in cluster.changes if change.at.at <= at(share))
    early = Course(replace(cluster, changes=known))
    early.advance(at(share))
    late = Course(cluster, (fault,))
    late.advance(at(share))
    assert state_of(early) == state_of(late)
    late.advance(at(REST))
    assert late.events[: len(early.events)] == early.events


@given(asked, st.lists(st.floats(0.0, 0.7), max_size=8))
@settings(max_examples=30, deadline=None)
def test_a_course_played_in_steps_is_the_course_played_at_once(
    steps: list[tuple[str, str, int, float]], looks: list[float]
) -> None:
    cluster, last = _story(steps, CONTINUOUS)
    fault = Injected("a", Kind.NO_CAPACITY, START, count=1)
    stepwise, share = Course(cluster, (fault,)), 0.0
    for look in looks:
        share += look
        stepwise.advance(at(share))
    stepwise.advance(at(last + 3))
    once = Course(cluster, (fault,))
    once.advance(at(last + 3))
    assert (state_of(stepwise), stepwise.events) == (state_of(once), once.events)


@given(asked)
@settings(max_examples=20, deadline=None)
def test_a_deleted_cluster_leaves_nothing(steps: list[tuple[str, str, int, float]]) -> None:
    cluster, last = _story(steps, CONTINUOUS)
    cluster = replace(cluster, changes=(*cluster.changes, Deleted(moment(last))))
    early, late = _state(cluster, last + 0.3), _state(cluster, last + 0.5)
    assert early is not None
    assert not any(node.holds for node in early.seats)
    assert late is None
