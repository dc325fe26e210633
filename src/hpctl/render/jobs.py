"""Jobs: what submitting one does, lists, one in full, and how things ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from hpctl.render.checks import check_summary
from hpctl.render.data import yaml
from hpctl.render.diagnoses import next_steps, problems
from hpctl.render.page import WIDE, Aside, Blank, Cell, Column, Fields, Piece, Prose, Style, Styled, Table, Verbatim
from hpctl.render.words import age, counted, duration, known, moment
from hpctl.report.job import FirstFailure, JobListReport, JobOutcomeReport, JobPlanReport, JobReport, JobRow, PodRow

_STATES: Final = {"Succeeded": Style.GOOD, "Running": Style.GOOD, "Failed": Style.BAD, "Cancelled": Style.PLAIN}
_WELL: Final = frozenset({"Running", "Succeeded", "Completed"})
_REDACTED: Final = "# Secrets are not shown: put their values in place of <redacted> before `kubectl create -f`.\n"
_ON_THE_WAY: Final = frozenset({"Pending", "ContainerCreating", "PodInitializing", "Terminating"})
_SLURMS: Final = {"RUNNING": "Running", "COMPLETED": "Succeeded", "COMPLETING": "Terminating", "PENDING": "Pending"}
"""Slurm's words that are not bad news, as Kubernetes has them."""


def manifests(report: JobPlanReport) -> str:
    """Return the objects as one YAML file of several documents, such as kubectl takes; secrets are redacted."""
    secret = any(one.get("kind") == "Secret" for one in report.manifests)
    return (_REDACTED if secret else "") + "---\n".join(yaml(_readable(one)) for one in report.manifests)


def _readable(value: object) -> object:
    """Return the same with texts of several lines as YAML's literal blocks, as far as these can hold them."""
    from ruamel.yaml.scalarstring import LiteralScalarString

    match value:
        case dict():
            return {key: _readable(item) for key, item in value.items()}
        case list() | tuple():
            return [_readable(item) for item in value]
        case str() if (
            "\n" in value[:-1] and value[0] not in " \t\n" and value.replace("\n", "").replace("\t", "").isprintable()
        ):
            return LiteralScalarString(value)
        case _:
            return value


def state(value: str) -> Styled:
    """Return a job's state with the emphasis that it deserves."""
    return Styled(value, _STATES.get(value, Style.WARN))


def job_plan(report: JobPlanReport) -> Iterator[Piece]:
    """Yield who does it where, what is asked for, what is created, and how the checks went."""
    caller = report.identity
    words = [f"account {caller.account}", f"region {caller.region}", caller.arn.rpartition(":")[2]]
    if caller.profile:
        words.append(f"profile {caller.profile}")
    place = f"namespace {report.namespace}" if report.namespace else f"user {report.user}"
    yield Prose(", ".join((*words, f"cluster {report.cluster}", place)))
    yield Blank()
    if report.script is not None:
        yield Prose(f"submit job {report.job} with sbatch (folder {report.folder})", lead="+", style=Style.GOOD)
    for one in report.objects:
        yield Prose(f"create {one.kind.lower()} {one.name}{_note(one.note)}", lead="+", style=Style.GOOD)
    if not report.objects and report.script is None:
        yield Prose(f"{report.job} cannot be placed: nothing is created", lead="!", style=Style.BAD)
    yield Blank()
    yield Fields(tuple(_wanted(report)))
    if report.notices:
        yield Blank()
    for notice in report.notices:
        yield Prose(notice, lead="note:", style=Style.WARN)
    if report.checks is not None:
        yield Blank()
        yield from check_summary(report.checks)


def _note(note: str | None) -> str:
    return f" ({note})" if note else ""


def _wanted(report: JobPlanReport) -> Iterator[tuple[str, Cell]]:
    yield "Nodes", f"{report.nodes}{f' x {report.instance_type}' if report.instance_type else ''}"
    if report.accelerators:
        resource = f" ({report.accelerator_resource})" if report.accelerator_resource else ""
        yield "Accelerators a node", f"{report.accelerators}{resource}"
    if report.efa_interfaces:
        yield "EFA interfaces a node", known(report.efa_interfaces)
    if report.cpus is not None:
        yield "CPUs a node", known(round(report.cpus, 2))
    if report.memory_gib is not None:
        yield "Memory a node", f"{known(round(report.memory_gib, 1))} GiB"
    if report.image:
        yield "Image", report.image
    if report.queue:
        yield "Queue", report.queue
    if report.priority:
        yield "Priority", report.priority


def job_list(report: JobListReport, now: datetime) -> Iterator[Piece]:
    """Yield one row a job."""
    where = f"namespace {report.namespace}" if report.namespace else f"cluster {report.cluster}"
    if not report.jobs:
        yield Aside(f"no jobs in {where}")
    elif any(row.word for row in report.jobs):
        yield _slurm_jobs(report.jobs, now)
    else:
        yield Table(
            (
                Column("NAMESPACE", 0 if report.namespace is None else WIDE),
                Column("JOB"),
                Column("STATE"),
                Column("NODES", drop=3, align=">"),
                Column("AGE", drop=2, align=">"),
                Column("RESTARTS", drop=4, align=">"),
                Column("QUEUE", drop=5 if any(row.queue for row in report.jobs) else WIDE),
                Column("REASON", drop=1 if any(row.reason for row in report.jobs) else WIDE),
                Column("STARTED", WIDE),
                Column("ENDED", WIDE),
                Column("UID", WIDE),
            ),
            [
                (
                    known(row.namespace),
                    row.job,
                    state(row.state),
                    str(row.nodes),
                    age(row.created, now),
                    str(row.restarts),
                    known(row.queue),
                    known(row.reason),
                    moment(row.started),
                    moment(row.ended),
                    row.uid,
                )
                for row in report.jobs
            ],
        )
    for note in report.notes:
        yield Aside(f"note: {note}")


def _slurm_jobs(rows: tuple[JobRow, ...], now: datetime) -> Table:
    return Table(
        (
            Column("ID", align=">"),
            Column("JOB"),
            Column("USER", drop=3),
            Column("STATE"),
            Column("NODES", drop=4, align=">"),
            Column("AGE", drop=2, align=">"),
            Column("PARTITION", drop=5),
            Column("REASON", drop=1 if any(row.reason for row in rows) else WIDE),
            Column("RESTARTS", WIDE, align=">"),
            Column("SLURM", WIDE),
            Column("STARTED", WIDE),
            Column("ENDED", WIDE),
        ),
        [
            (
                row.uid,
                row.job,
                known(row.user),
                state(row.state),
                str(row.nodes),
                age(row.created, now),
                known(row.partition),
                known(row.reason),
                str(row.restarts),
                known(row.word),
                moment(row.started),
                moment(row.ended),
            )
            for row in rows
        ],
    )


def job(report: JobReport) -> Iterator[Piece]:
    """Yield a job, its ranks, what is wrong, the last words of the rank that failed first, and what comes next."""
    yield Fields(tuple(_facts(report)))
    yield from _ranks(report.pods, on_slurm=report.word is not None)
    yield from problems(report.diagnoses)
    if report.first_failure:
        yield from _last_words(report.first_failure)
    if report.events:
        yield Blank()
        yield Prose("events:", style=Style.BOLD)
    for event in report.events:
        style = Style.WARN if event.type == "Warning" else Style.PLAIN
        times = f" (x{event.count})" if event.count > 1 else ""
        yield Prose(f"{event.about_name}: {event.reason}: {event.message}{times}", moment(event.last), style, 2)
    for note in report.notes:
        yield Aside(f"note: {note}")
    yield from next_steps(report.next_steps)


def _facts(report: JobReport) -> Iterator[tuple[str, Cell]]:
    yield "Job", Styled(report.job, Style.BOLD)
    if report.namespace:
        yield "Namespace", report.namespace
    yield from _slurm_facts(report)
    yield "Cluster", report.cluster
    yield "State", state(report.state)
    yield "Nodes", str(report.nodes)
    if report.image:
        yield "Image", report.image
    if report.queue:
        yield "Queue", report.queue
    if report.priority:
        yield "Priority", report.priority
    yield "Created", moment(report.created)
    yield "Started", moment(report.started)
    if report.ended:
        yield "Ended", moment(report.ended)
    if report.restarts:
        yield "Restarts", str(report.restarts)


def _slurm_facts(report: JobReport) -> Iterator[tuple[str, Cell]]:
    if not report.word:
        return
    yield "ID", report.uid
    yield "Slurm's state", report.word
    yield "User", known(report.user)
    yield "Partition", known(report.partition)
    yield "Folder", known(report.folder)
    if report.exit_code is not None:
        yield "Exit code", str(report.exit_code)


def _ranks(pods: tuple[PodRow, ...], *, on_slurm: bool) -> Iterator[Piece]:
    if not pods:
        return
    yield Blank()
    table = _pods(pods)
    if all(pod.pod == pod.node for pod in pods):  # on Slurm, which has no pods
        columns = (*table.columns[:1], *table.columns[2:])
        table = Table(columns, [(*row[:1], *row[2:]) for row in table.rows])
    elif on_slurm:  # the tasks of an array, or the components of a heterogeneous job
        part = replace(table.columns[1], title="COMPONENT" if "+" in pods[0].pod else "TASK")
        table = Table((part, *table.columns[2:]), [row[1:] for row in table.rows])
    yield table


def _pods(pods: tuple[PodRow, ...]) -> Table:
    return Table(
        (
            Column("RANK", align=">"),
            Column("POD", drop=1),
            Column("STATUS"),
            Column("EXIT", drop=3 if any(pod.exit_code is not None for pod in pods) else WIDE, align=">"),
            Column("RESTARTS", drop=4 if any(pod.restarts for pod in pods) else WIDE, align=">"),
            Column("NODE", drop=2),
            Column("IP", WIDE),
            Column("STARTED", WIDE),
            Column("ENDED", WIDE),
        ),
        [
            (
                known(pod.rank),
                pod.pod,
                _status(pod.status),
                known(pod.exit_code),
                str(pod.restarts),
                known(pod.node),
                known(pod.ip),
                moment(pod.started),
                moment(pod.ended),
            )
            for pod in pods
        ],
    )


def _status(value: str) -> Styled:
    word = _SLURMS.get(value, value)
    if word in _WELL:
        return Styled(value, Style.GOOD)
    return Styled(value, Style.WARN if word in _ON_THE_WAY else Style.BAD)


def _last_words(failure: FirstFailure) -> Iterator[Piece]:
    rank = f"rank {failure.rank}"
    who = failure.pod if failure.rank is None or failure.pod == rank else f"{rank} ({failure.pod})"
    yield Blank()
    if not failure.log:
        yield Prose(f"{who} left no lines in its log")
        return
    yield Prose(f"last {counted(len(failure.log), 'line')} of {who}:", style=Style.BOLD)
    for line in failure.log:
        yield Verbatim(line, lead="|", indent=2)


def job_outcome(report: JobOutcomeReport) -> Iterator[Piece]:
    """Yield how it ended in a sentence, and what comes next; why it failed is the error's to say."""
    where = f"in namespace {report.namespace} of cluster {report.cluster}"
    kept = "is cancelled: its pods go, with their logs; its object stays"
    if report.namespace is None:
        where, kept = f"({report.uid}) on cluster {report.cluster}", "is cancelled: its processes end; its output stays"
    match report.result:
        case "submitted":
            yield Prose(f"{report.job} {where} is submitted")
        case "ended":
            time = f" after {duration(report.elapsed_s)}" if report.elapsed_s is not None else ""
            style = _STATES.get(report.state or "", Style.WARN)
            yield Prose(f"{report.job} {where}: {report.state}{time}", style=style)
        case "cancelled":
            yield Prose(f"{report.job} {where} {kept}")
        case "deleted":
            yield Prose(f"{report.job} {where} is deleted")
        case "unchanged":
            had = f"has ended already: {report.state}" if report.state else "is gone already"
            yield Prose(f"{report.job} {where} {had}")
    for note in report.notes:
        yield Prose(note, lead="note:", style=Style.WARN)
    yield from next_steps(report.next_steps)
