"""The benchmarks measure CPU time, not waiting, and waiting beside what must wait; they say when a target is missed."""

from __future__ import annotations

import os
import sys

import pytest

from tests.benchmarks import doctor
from tests.benchmarks.measure import Command, Target, cpu_seconds, measure, medians, table
from tests.benchmarks.wire import Call, Wire, longest_chain


def python(name: str, code: str) -> Command:
    return Command(name, (sys.executable, "-c", code), os.environ)


def test_waiting_costs_nothing_and_work_costs_what_it_takes() -> None:
    assert cpu_seconds(python("sleeps", "import time; time.sleep(0.5)")) < 0.4
    assert cpu_seconds(python("works", "import time\nwhile time.process_time() < 0.5: pass")) >= 0.5


def test_a_command_that_fails_is_not_measured() -> None:
    with pytest.raises(RuntimeError, match=r"ended with 3\n.*no such cluster"):
        cpu_seconds(python("fails", "import sys; print('no such cluster', file=sys.stderr); sys.exit(3)"))


def test_every_command_gives_a_sample_a_round() -> None:
    samples = measure([python("a", ""), python("b", "")], rounds=2)
    assert {name: len(values) for name, values in samples.items()} == {"a": 2, "b": 2}


@pytest.mark.parametrize(
    ("target", "met"),
    [
        (Target("ours", 0.30), True),
        (Target("ours", 0.29), False),
        (Target("ours", 0.5, yardstick="theirs"), True),
        (Target("ours", 0.4, yardstick="theirs"), False),
    ],
)
def test_a_target_is_met_at_its_ceiling_and_missed_above(target: Target, met: bool) -> None:
    assert target.met({"ours": 0.30, "theirs": 0.60}) is met


def test_the_table_shows_medians_ratios_and_verdicts() -> None:
    samples = {"theirs": [0.5, 0.6, 0.9], "ours": [0.3, 0.3, 9.0]}
    assert medians(samples) == {"theirs": 0.6, "ours": 0.3}
    lines = list(table(samples, [Target("ours", 0.4, yardstick="theirs")], yardstick="theirs"))
    assert lines[2].split()[:5] == ["ours", "0.300", "0.300", "9.000", "0.50"]
    assert lines[2].endswith("  MISSED: at most 0.40 x `theirs`")
    assert lines[-1] == "ratio: to `theirs`; medians of 3 interleaved runs"


def a_call(request: str, answer: str, began: float, ended: float) -> Call:
    return Call(request, answer, began, ended)


SUBNETS = a_call("DescribeSubnets subnet-0a1b2c3d", "<vpcId>vpc-0d4c3b2a</vpcId> subnet-0a1b2c3d", 0.0, 1.0)
ROUTES = a_call("DescribeRouteTables vpc-0d4c3b2a", "<natGatewayId>nat-05060708</natGatewayId>", 1.0, 2.0)
GATEWAYS = a_call("DescribeNatGateways nat-05060708", "", 2.0, 3.0)
GROUPS = a_call("DescribeSecurityGroups sg-01020304", "vpc-0d4c3b2a", 3.0, 4.5)
GIVEN = "subnet_ids: [subnet-0a1b2c3d] security_group_ids: [sg-01020304]"


def test_a_call_waits_for_the_answer_that_told_it_an_id() -> None:
    assert longest_chain([GROUPS, GATEWAYS, ROUTES, SUBNETS], GIVEN) == [SUBNETS, ROUTES, GATEWAYS]


def test_what_was_known_before_makes_no_chain() -> None:
    assert longest_chain([SUBNETS, ROUTES], f"{GIVEN} vpc-0d4c3b2a") == [SUBNETS]


def test_asking_in_turn_without_need_is_no_chain() -> None:
    assert longest_chain([SUBNETS, GROUPS], GIVEN) == [GROUPS]


def test_an_answer_that_came_too_late_was_not_needed() -> None:
    early = a_call(ROUTES.request, "", 0.5, 2.0)
    assert longest_chain([SUBNETS, early], GIVEN) == [early]


@pytest.mark.parametrize(
    ("told", "asked"),
    [('{"NextToken": "MTAw"}', '{"NextToken":"MTAw"}'), ("<Marker>b</Marker>", "Action=List&Marker=b&Version=1")],
)
def test_a_page_waits_for_the_one_before_it(told: str, asked: str) -> None:
    first, second = a_call("List", told, 0.0, 1.0), a_call(asked, "", 1.0, 2.0)
    assert longest_chain([first, second], "") == [first, second]


@pytest.mark.parametrize(("late", "met"), [(0.0, True), (1.5, True), (1.6, False)])
def test_doctor_may_ask_for_twice_its_longest_chain(late: float, met: bool) -> None:
    last = a_call("DescribeVpcs", "", 4.5 + late, 6.0 - 1.5 + late)
    wire = Wire("x", 0.2, calls=[SUBNETS, ROUTES, GATEWAYS, GROUPS, last])
    spans = {("eks", 0.2): [doctor.of_wire(wire, GIVEN)]}
    assert doctor.met(spans) is met
    assert list(doctor.report(spans))[1].endswith(f"  {'met' if met else 'MISSED'}: at most 2.0")
    assert list(doctor.report(spans))[1].split()[5:7] == ["5", "3"]
