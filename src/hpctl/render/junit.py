"""What checks found as JUnit XML: what CI systems collect and show beside their other tests.

An area is a suite and a check a test case. Nobody owns the format: elements and attributes here are those that the
readers of Jenkins, GitLab and Maven Surefire have in common. Safe text has no character that XML forbids.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree as ET

from hpctl.render.checks import details
from hpctl.render.layout import lines
from hpctl.render.safe import one_line
from hpctl.render.screen import Screen
from hpctl.report.check import CheckReport, CheckResult
from hpctl.terms import Outcome

_ELEMENTS: Final = {Outcome.FAIL: "failure", Outcome.UNKNOWN: "error", Outcome.SKIP: "skipped"}
"""What says that a test case did not pass; who warns has passed, and says so in its output."""

_PLAIN: Final = Screen(width=None, colour=False)


def junit(report: CheckReport) -> str:
    """Return the report as one XML document, and a line end."""
    root = ET.Element("testsuites", {"name": one_line(report.subject), **_counts(report.results)})
    for area, results in report.areas.items():
        suite = ET.SubElement(root, "testsuite", {"name": area, **_counts(results), **_skipped(results)})
        for result in results:
            _add_case(suite, result)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _add_case(suite: ET.Element, result: CheckResult) -> None:
    case = ET.SubElement(suite, "testcase", {"classname": f"hpctl.{result.area}", "name": result.id})
    text = "\n".join(lines(details(result), _PLAIN))
    if element := _ELEMENTS.get(result.outcome):
        said = {"message": _message(result)}
        kind = {} if result.outcome is Outcome.SKIP else {"type": result.id}
        ET.SubElement(case, element, said | kind).text = text or None
    elif text:
        ET.SubElement(case, "system-out").text = text


def _message(result: CheckResult) -> str:
    """Return what went wrong in a line: where readers cut, the rest is in the text."""
    if result.outcome is not Outcome.FAIL:
        return one_line(result.reason or result.title)
    told = [f"{finding.subject}: {finding.message}" for finding in result.findings if finding.level == "fail"]
    more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
    return one_line(f"{told[0] if told else result.title}{more}")


def _counts(results: Sequence[CheckResult]) -> dict[str, str]:
    found = Counter(result.outcome for result in results)
    return {
        "tests": str(len(results)),
        "failures": str(found[Outcome.FAIL]),
        "errors": str(found[Outcome.UNKNOWN]),
    }


def _skipped(results: Sequence[CheckResult]) -> dict[str, str]:
    return {"skipped": str(sum(result.outcome is Outcome.SKIP for result in results))}
