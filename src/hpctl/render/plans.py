"""What is about to happen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from hpctl.render.checks import check_summary
from hpctl.render.clusters import orchestrator
from hpctl.render.identities import identity_line
from hpctl.render.page import WIDE, Blank, Column, Piece, Prose, Style, Table
from hpctl.render.words import counted, known, listed, moment
from hpctl.report.plan import Change, PlannedEnd, PlanReport

_SIGNS: Final = {"create": ("+", Style.GOOD), "delete": ("-", Style.BAD)}
_OTHER_SIGN: Final = ("~", Style.WARN)
_CHANGE_SIGNS: Final = {"add": ("+", Style.GOOD), "change": _OTHER_SIGN, "remove": ("-", Style.BAD)}
_MULTIPLE: Final = re.compile(r"(\d+) x (.+)")


def plan(report: PlanReport) -> Iterator[Piece]:
    """Yield who does it where, what happens, what goes and stays, and how the checks went."""
    yield identity_line(report.identity)
    yield Blank()
    yield from _actions(report)
    yield from _left_alone(report)
    yield from _changes(report)
    yield from _groups(report)
    yield from _bullets("goes:", report.goes, "-", Style.BAD)
    yield from _bullets("jobs that end with it:", map(_ended, report.ends), "-", Style.BAD)
    yield from _bullets("stays:", report.stays, "=", Style.PLAIN)
    if report.notices:
        yield Blank()
    for notice in report.notices:
        yield Prose(notice, lead="note:", style=Style.WARN)
    if report.checks is not None:
        yield Blank()
        yield from check_summary(report.checks)


def _actions(report: PlanReport) -> Iterator[Piece]:
    if report.state == "around":
        yield from _mended(report)
        return
    for verb, subject in _told(report):
        sign, style = _SIGNS.get(verb, _OTHER_SIGN)
        yield Prose(f"{verb} {subject} ({orchestrator(report.orchestrator)})", lead=sign, style=style)
    if report.actions:
        return
    name = f"cluster `{report.cluster}`"
    match report.state:
        case "same":
            yield Prose(f"{name} exists as asked: nothing to do")
        case "other":
            yield Prose(f"{name} exists with another spec: nothing is done", lead="!", style=Style.BAD)
        case "present":
            yield Prose(f"{name} is being deleted already: nothing to do")
        case "absent":
            yield Prose("nothing to do")


def _mended(report: PlanReport) -> Iterator[Piece]:
    """Yield what is done around a cluster, each call with its own name below."""
    for action in report.actions:
        yield Prose(action.does or f"{action.verb} {action.subject}", lead=_OTHER_SIGN[0], style=_OTHER_SIGN[1])
        yield Prose(f"{action.verb} {action.subject.replace('/', ' ', 1)}", style=Style.DIM, indent=2)
    if not report.actions:
        yield Prose("nothing that hpctl mends by itself" if report.left_alone else "nothing to mend")


def _left_alone(report: PlanReport) -> Iterator[Piece]:
    if report.left_alone:
        yield Blank()
        yield Prose("left to you:", style=Style.BOLD)
    for row in report.left_alone:
        yield Prose(f"{row.check} ({', '.join(row.subjects)}): {row.why}", lead="!", style=Style.WARN, indent=2)


def _told(report: PlanReport) -> list[tuple[str, str]]:
    """Return what is done to what; changes of tags are part of an update, and say themselves what they are."""
    told = ((action.verb, action.subject.replace("/", " ", 1)) for action in report.actions)
    whole = report.changes and report.state == "changed"
    return list(dict.fromkeys(("update" if whole else verb, subject) for verb, subject in told))


def _changes(report: PlanReport) -> Iterator[Piece]:
    if report.changes:
        yield Blank()
        yield Prose("changes:" if report.state == "changed" else "differences:", style=Style.BOLD)
    for change in report.changes:
        sign, style = ("!", Style.BAD) if change.refused else _CHANGE_SIGNS[change.kind]
        yield Prose(f"{change.path}: {_way(change)}", lead=sign, style=style, indent=2)
        if change.note:
            yield Prose(change.note, style=Style.BAD if change.refused else Style.DIM, indent=4)


def _way(change: Change) -> str:
    match change.kind:
        case "add":
            return _value(change.after)
        case "remove":
            return _value(change.before)
        case "change":
            return f"{_value(change.before)} -> {_value(change.after)}"


def _value(value: object) -> str:
    """Write a value in one line, much as a spec does; a whole group by its size and type."""
    match value:
        case {"count": count, "type": kind}:
            return f"{count} x {kind}"
        case dict():
            return f"{{{', '.join(f'{key}: {_value(item)}' for key, item in value.items())}}}"
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def _groups(report: PlanReport) -> Iterator[Piece]:
    if not report.groups:
        return
    yield Blank()
    yield Table(
        (
            Column("GROUP"),
            Column("TYPE"),
            Column("COUNT", align=">"),
            Column("ROLE", drop=3 if any(group.role for group in report.groups) else WIDE),
            Column("ACCELERATORS", drop=1),
            Column("EFA", drop=2, align=">"),
            Column("ADDRESSES", drop=2, align=">"),
            Column("VCPUS", WIDE, align=">"),
            Column("MEMORY", WIDE, align=">"),
            Column("SUBNETS", WIDE),
        ),
        [
            (
                group.name,
                group.instance_type,
                str(group.count),
                known(group.role),
                known(group.accelerators),
                known(group.efa_interfaces),
                known(group.addresses),
                known(group.vcpus),
                "-" if group.memory_gib is None else f"{known(group.memory_gib)} GiB",
                listed(group.subnet_ids),
            )
            for group in report.groups
        ],
        indent=2,
    )
    yield Prose(", ".join(_totals(report)), lead="total:", style=Style.BOLD, indent=2)


def _totals(report: PlanReport) -> Iterator[str]:
    yield counted(sum(group.count for group in report.groups), "instance")
    yield from _together(group.accelerators for group in report.groups if group.accelerators)
    yield _sum((group.efa_interfaces for group in report.groups), "EFA interface")
    yield _sum((group.addresses for group in report.groups), "IP address")


def _together(accelerators: Iterable[str]) -> Iterator[str]:
    """Yield `48 x H100` for `32 x H100` and `16 x H100`; what is worded otherwise stays as it is."""
    sums: Counter[str] = Counter()
    for text in accelerators:
        if found := _MULTIPLE.fullmatch(text):
            sums[found[2]] += int(found[1])
        else:
            yield text
    for kind, count in sums.items():
        yield f"{count} x {kind}"


def _sum(values: Iterable[int | None], noun: str) -> str:
    """Return the sum; `at least` where a part is not known."""
    numbers = list(values)
    total = counted(sum(number or 0 for number in numbers), noun)
    return f"at least {total}" if None in numbers else total


def _ended(job: PlannedEnd) -> str:
    since = f" since {moment(job.started)}" if job.started else ""
    return f"job `{job.job}` of `{job.owner}`: {job.state}{since}, {counted(job.nodes, 'node')}"


def _bullets(title: str, items: Iterable[str], sign: str, style: Style) -> Iterator[Piece]:
    rows = tuple(items)
    if rows:
        yield Blank()
        yield Prose(title, style=Style.BOLD)
    for row in rows:
        yield Prose(row, lead=sign, style=style, indent=2)
