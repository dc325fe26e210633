"""The page of JSON forms, from the report models."""

from __future__ import annotations

import importlib
import io
import pkgutil
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import TypeAdapter

from hpctl import report as room
from hpctl.errors import AccessError, HpctlError, NotFoundError, Problem, RefusedError, SpecError
from hpctl.render.errors import show_error
from hpctl.render.output import Output
from hpctl.render.terminal import Terminal
from hpctl.report import (
    check,
    cluster,
    connection,
    dev,
    explanation,
    gpus,
    instance,
    job,
    labels,
    lifecycle,
    model,
    node_access,
    node_copy,
    node_run,
    plan,
    progress,
    queues,
    quota,
    sandbox,
    skill,
    sky,
    slurm,
    written,
)
from hpctl.report.base import Part, Report
from tools.pages.commands import paths
from tools.pages.markdown import code, codes, fence, page, prose, sections, table

INTRODUCTION = """\
With `-o json` or `-o yaml` a command answers with one report, with `-o jsonl` with one JSON object a line.
`--query` selects from the JSON form with [JMESPath](https://jmespath.org). Without `-o` what it selects is a table:
`--query 'clusters[].{NAME: name, ARN: arn}'` chooses columns, `--query 'clusters[].name'` writes a value a line.

Every report has `schema_version` (`hpctl/v1`) and `kind`. Under one schema version fields are only ever added, never
renamed or removed. Lists are empty, never null. Times are UTC, in ISO 8601. Read what you know and ignore the rest.
`[]` marks a list, `{}` a mapping of names to values."""

PROGRESS = """\
`hpctl cluster create` and `delete` with `-o jsonl` write these objects while they work, one a line, and the
[Outcome](#outcome) as the last line. `type` says which one it is."""
JOB_PROGRESS = """\
`hpctl job wait` and `submit --wait` with `-o jsonl` write these objects while the job runs, and the
[JobOutcome](#joboutcome) as the last line. `hpctl job logs -o jsonl` writes an object a line of a log: `type` is `line`
(`label`, `rank`, `pod`, `container`, `time`, `line`), `gap` where lines are lost (`after`, `reason`), or `remark`."""
ERRORS = """\
With `-o json` or `-o jsonl` an error is one JSON object in one line on stderr, and stdout stays empty or as it was.
`error.code` is the stable name that [exit codes](exit-codes.md) lists. `problems`, `action` and `aws_code` come with
the errors that have them."""

COMMANDS: dict[type[Report], tuple[str, ...]] = {
    check.CheckReport: ("cluster check", "doctor", "lifecycle lint"),
    check.CheckListReport: ("doctor --list",),
    plan.PlanReport: (
        "cluster plan",
        "cluster create --dry-run",
        "cluster update --dry-run",
        "cluster update-software --dry-run",
        "cluster delete --dry-run",
        "node reboot --dry-run",
        "node replace --dry-run",
    ),
    cluster.OutcomeReport: (
        "cluster create",
        "cluster update",
        "cluster update-software",
        "cluster delete",
        "node reboot",
        "node replace",
    ),
    cluster.ClusterListReport: ("cluster list",),
    cluster.ClusterReport: ("cluster describe",),
    connection.ConnectionReport: ("cluster connect",),
    written.WrittenReport: ("init", "job init"),
    cluster.EventListReport: ("cluster events",),
    cluster.NodeListReport: ("node list",),
    cluster.NodeReport: ("node describe",),
    labels.NodeLabelsReport: ("node label", "node label --dry-run"),
    node_run.NodeRunListReport: ("node exec",),
    node_copy.NodeCopyListReport: ("node copy",),
    dev.DevListReport: ("dev list",),
    dev.DevOutcomeReport: ("dev up", "dev stop", "dev down"),
    dev.DevSyncReport: ("dev sync",),
    node_access.PortForwardListReport: ("node port-forward",),
    node_access.SshConfigReport: ("node ssh-config",),
    explanation.ExplanationReport: ("explain",),
    explanation.FailureListReport: ("explain --list",),
    explanation.CheckPageReport: ("explain --check",),
    gpus.AcceleratorListReport: ("gpus",),
    queues.QueueListReport: ("queue list",),
    queues.QueueReport: ("queue describe",),
    instance.InstanceTypeListReport: ("instances list",),
    instance.InstanceTypeReport: ("instances describe",),
    job.JobPlanReport: ("job submit --dry-run", "dev up --dry-run"),
    job.JobOutcomeReport: ("job submit", "job wait", "job cancel", "job delete"),
    job.JobListReport: ("job list",),
    job.JobReport: ("job describe",),
    lifecycle.ScriptFolderReport: ("lifecycle init",),
    lifecycle.ScriptUploadReport: ("lifecycle upload", "lifecycle upload --dry-run"),
    model.ModelReport: ("check-model",),
    model.ModelFamilyReport: ("check-model",),
    quota.QuotaListReport: ("quota show",),
    slurm.SlurmStatusReport: ("slurm status",),
    slurm.SlurmChangeReport: ("slurm drain", "slurm resume"),
    skill.SkillReport: ("skill install",),
    sky.SkySetupReport: ("sky setup", "sky setup --dry-run"),
    sky.SkyCheckReport: ("sky check",),
    sandbox.SandboxReport: ("sandbox status",),
    sandbox.SandboxList: ("sandbox list",),
    sandbox.FaultList: ("sandbox inject",),
}
STEPS: tuple[type[Part], ...] = (
    progress.Started,
    progress.Observed,
    progress.EventSeen,
    progress.OperationSeen,
    progress.Remarked,
    progress.Finished,
)
JOB_STEPS: tuple[type[Part], ...] = (job.JobObserved, job.JobEventSeen, job.JobRemarked, job.JobEnded)
SAMPLES: tuple[HpctlError, ...] = (
    NotFoundError("there is no cluster `demo`"),
    SpecError(
        "`cluster.yaml` is not a valid cluster spec: 1 problem",
        (Problem("cluster.yaml", 7, 5, "instance_groups[0].tyype", "the key `tyype` is unknown here", "type"),),
        hint="`hpctl cluster schema` describes every key",
    ),
    AccessError("not allowed to list clusters", action="sagemaker:ListClusters"),
    RefusedError("AWS refused the request", aws_code="ValidationException"),
)


def reports() -> str:
    """Return the page; raises ValueError when a report or a command is not told of."""
    for module in pkgutil.iter_modules(room.__path__, f"{room.__name__}."):
        importlib.import_module(module.name)  # a report in a module that nobody imports here is one too
    told = {command.partition(" --")[0] for names in COMMANDS.values() for command in names}
    untold = [report.__name__ for report in Report.__subclasses__() if report not in COMMANDS]
    if wrong := [*untold, *sorted(told - paths())]:
        message = f"`COMMANDS` does not fit the reports and commands: {', '.join(wrong)}"
        raise ValueError(message)
    parts = [(_kind(report), _report(report)) for report in COMMANDS]
    parts += [("Progress", _progress(PROGRESS, STEPS)), ("Progress of a job", _progress(JOB_PROGRESS, JOB_STEPS))]
    parts += [("Errors", iter((ERRORS, fence("\n".join(map(_error, SAMPLES)), "json"))))]
    return page("Reports", "`hpctl.report`", INTRODUCTION, sections(parts))


def rows(model: type[Part]) -> Iterator[tuple[str, str]]:
    """Yield the path and the type of every value in the JSON form of `model`."""
    schema = TypeAdapter(model).json_schema(mode="serialization")
    yield from _flat(schema, schema.get("$defs", {}), "")


def _kind(report: type[Report]) -> str:
    return str(report.model_fields["kind"].default)


def _report(report: type[Report]) -> Iterator[str]:
    yield prose(report.__doc__)
    yield f"From {codes(f'hpctl {command}' for command in COMMANDS[report])}. {_names(report)}"
    yield _table(report)


def _names(report: type[Report]) -> str:
    words = prose(report.names.__doc__).removeprefix("Return ").rstrip(".")
    return f"With `-o name`: {words}."


def _progress(introduction: str, steps: Iterable[type[Part]]) -> Iterator[str]:
    yield introduction
    for step in steps:
        yield f"### {step.model_fields['type'].default}"
        yield prose(step.__doc__)
        yield _table(step)


def _table(model: type[Part]) -> str:
    return table(("path", "type"), ((code(path), kind) for path, kind in rows(model) if path != "schema_version"))


def _flat(node: dict[str, Any], known: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    node, null = _resolved(node, known)
    if path and (kind := node.get("properties", {}).get("kind", {}).get("const")):
        yield path, f"[{kind}](#{kind.lower()})" + (" or null" if null else "")
    elif node.get("properties"):
        if null:
            yield path, "object or null"
        for name, child in node["properties"].items():
            yield from _flat(child, known, f"{path}.{name}" if path else name)
    elif "items" in node:
        yield from _flat(node["items"], known, f"{path}[]")
    elif isinstance(node.get("additionalProperties"), dict):
        yield from _flat(node["additionalProperties"], known, f"{path}{{}}")
    else:
        yield path, _type(node) + (" or null" if null else "")


def _resolved(node: dict[str, Any], known: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    null = False
    while "$ref" in node or "anyOf" in node:
        if "$ref" in node:
            node = known[node["$ref"].rpartition("/")[2]]
            continue
        kinds = [one for one in node["anyOf"] if one.get("type") != "null"]
        if len(kinds) != 1:
            return {"type": " or ".join(_type(one) for one in kinds)}, len(kinds) < len(node["anyOf"])
        node, null = kinds[0], True
    return node, null


def _type(node: dict[str, Any]) -> str:
    if "const" in node:
        return code(node["const"])
    if "enum" in node:
        return " or ".join(map(code, node["enum"]))
    return "time" if node.get("format") == "date-time" else str(node.get("type", "any value"))


def _error(error: HpctlError) -> str:
    stream = io.StringIO()
    show_error(error, Output.JSON, Terminal(io.StringIO(), io.StringIO(), stream, {}))
    return stream.getvalue().strip()
