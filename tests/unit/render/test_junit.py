"""JUnit XML as CI systems read it: what its elements may hold, and what they say."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpctl.render.junit import junit
from hpctl.report.check import CheckReport, CheckResult, Finding
from hpctl.terms import Outcome
from tests.unit.builders import a_finding
from tests.unit.render.check_samples import CHECKS

ALLOWED: dict[str, tuple[set[str], tuple[str, ...]]] = {
    "testsuites": ({"name", "tests", "failures", "errors"}, ("testsuite",)),
    "testsuite": ({"name", "tests", "failures", "errors", "skipped"}, ("testcase",)),
    "testcase": ({"classname", "name"}, ("skipped", "error", "failure", "system-out")),
    "failure": ({"message", "type"}, ()),
    "error": ({"message", "type"}, ()),
    "skipped": ({"message"}, ()),
    "system-out": (set(), ()),
}
"""By element: its attributes, all of them there, and what may stand in it."""


def read(report: CheckReport) -> ET.Element:
    """Parse the document as a CI system does, and hold each element to what it may be."""
    root = ET.fromstring(junit(report).encode())  # noqa: S314  our own
    assert root.tag == "testsuites"
    for element in root.iter():
        attributes, children = ALLOWED[element.tag]
        assert set(element.attrib) == attributes
        assert {child.tag for child in element} <= set(children)
        assert len(element) <= 1 or element.tag != "testcase"
    return root


def case_of(report: CheckReport, check_id: str) -> ET.Element:
    (found,) = (case for case in read(report).iter("testcase") if case.get("name") == check_id)
    return found


def test_areas_are_suites_and_checks_are_cases_in_the_order_of_the_report() -> None:
    found = [(suite.get("name"), [case.get("name") for case in suite]) for suite in read(CHECKS)]
    assert found == [(area, [result.id for result in results]) for area, results in CHECKS.areas.items()]
    assert {case.get("classname") for case in read(CHECKS).iter("testcase")} == {
        f"hpctl.{area}" for area in CHECKS.areas
    }


def test_every_count_is_that_of_the_cases_inside() -> None:
    root = read(CHECKS)
    for element in (root, *root):
        for attribute, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
            assert element.get(attribute) == str(len(list(element.iter(tag))))
    assert [suite.get("skipped") for suite in root] == [str(len(list(suite.iter("skipped")))) for suite in root]


@pytest.mark.parametrize(
    ("outcome", "tags"),
    [
        (Outcome.PASS, []),
        (Outcome.WARN, ["system-out"]),
        (Outcome.FAIL, ["failure"]),
        (Outcome.UNKNOWN, ["error"]),
        (Outcome.SKIP, ["skipped"]),
    ],
)
def test_each_outcome_has_its_element(outcome: Outcome, tags: list[str]) -> None:
    levels = {Outcome.WARN: [a_finding("warn", "x", "found")], Outcome.FAIL: [a_finding("fail", "x", "found")]}
    findings = tuple(levels.get(outcome, ()))
    result = CheckResult(id="a-b", title="t", outcome=outcome, blocking=True, findings=findings)
    assert [child.tag for child in case_of(CheckReport(subject="x", results=(result,)), "a-b")] == tags


def test_a_failure_says_in_a_line_what_it_is_and_below_everything_to_mend_it() -> None:
    (failure,) = case_of(CHECKS, "network-efa-single-az")
    assert failure.attrib == {
        "message": "instance group/workers: EFA cannot cross Availability Zones, and the subnets of `workers` are in 2 "
        "of them",
        "type": "network-efa-single-az",
    }
    assert failure.text is not None
    assert "usw2-az1: subnet-0a1b2c3d4e5f60718\n" in failure.text
    assert "at: cluster.yaml:14:5 instance_groups[0]" in failure.text
    assert "fix: give `workers` subnets of one zone only" in failure.text


def test_a_failure_of_many_says_how_many() -> None:
    findings = (
        a_finding("warn", "s0", "m"),
        a_finding("fail", "s1", "m"),
        a_finding("note", "s2", "m"),
        a_finding("fail", "s3", "m"),
        a_finding("fail", "s4", "m"),
    )
    result = CheckResult(id="a-b", title="t", outcome=Outcome.FAIL, blocking=True, findings=findings)
    (failure,) = case_of(CheckReport(subject="x", results=(result,)), "a-b")
    assert failure.get("message") == "s1: m (and 2 more)"


def test_what_could_not_look_says_why_and_what_to_allow() -> None:
    (error,) = case_of(CHECKS, "network-ids-exist")
    assert error.get("message") == "not allowed: `ec2:DescribeSubnets`"
    assert error.text is not None
    assert "hint: allow `ec2:DescribeSubnets` to `role/Admin`" in error.text


def test_a_warning_has_passed_and_is_read_in_the_output() -> None:
    (output,) = case_of(CHECKS, "spec-multi-subnet")
    assert (output.tag, output.text) == ("system-out", "- cluster/hp-cluster: HyperPod picks one of them")


@settings(max_examples=150)
@given(st.text(), st.text(), st.sampled_from(Outcome))
def test_whatever_is_said_can_be_read(subject: str, message: str, outcome: Outcome) -> None:
    finding = Finding(level="fail", subject=subject, message=message, evidence=(message,), remedy=message or None)
    result = CheckResult(id="a-b", title=message, outcome=outcome, blocking=True, findings=(finding,), reason=message)
    assert len(list(read(CheckReport(subject=subject, results=(result,))).iter("testcase"))) == 1
