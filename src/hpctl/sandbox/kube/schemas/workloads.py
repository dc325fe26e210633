"""Whether what runs pods will do: kubernetes/pkg/apis/apps/validation and pkg/apis/batch/validation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hpctl.sandbox.kube.resources import Object
from hpctl.sandbox.kube.schemas.causes import invalid, required, unsupported
from hpctl.sandbox.kube.schemas.metadata import label_faults, unchanged
from hpctl.sandbox.kube.schemas.pods import template_faults
from hpctl.sandbox.kube.status import Cause

Part = Mapping[str, Any]
_ONCE: Final = ("OnFailure", "Never")
_NOT_NEGATIVE: Final = "must be greater than or equal to 0"
_COUNTS: Final = (
    "activeDeadlineSeconds",
    "backoffLimit",
    "completions",
    "minReadySeconds",
    "parallelism",
    "progressDeadlineSeconds",
    "replicas",
    "revisionHistoryLimit",
    "ttlSecondsAfterFinished",
)
_PLACING: Final = ("affinity", "nodeSelector", "schedulingGates", "tolerations")
_MOST_INDEXED: Final = 100_000
_STRATEGIES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "DaemonSet": ("updateStrategy", ("RollingUpdate", "OnDelete")),
    "Deployment": ("strategy", ("Recreate", "RollingUpdate")),
    "StatefulSet": ("updateStrategy", ("RollingUpdate", "OnDelete")),
}
# Minute, hour, day of the month, month, day of the week.
_CRON_FIELDS: Final = 5
_CONCURRENCY: Final = ("Allow", "Forbid", "Replace")
_OPERATORS: Final = ("In", "NotIn", "Exists", "DoesNotExist")


def workload_faults(body: Object, old: Object | None) -> Iterator[Cause]:
    """Yield what is wrong with a Deployment, DaemonSet, StatefulSet or ReplicaSet."""
    spec = body.get("spec") or {}
    yield from _count_faults(spec, "spec")
    if "selector" in spec:
        yield from _selector_faults(spec, body["kind"])
    if "template" in spec:
        yield from template_faults(spec["template"], "spec.template")
    if body["kind"] in _STRATEGIES:
        field, known = _STRATEGIES[body["kind"]]
        if (kind := spec[field]["type"]) not in known:
            yield unsupported(f"spec.{field}.type", kind, known)
    if old is not None:
        yield from unchanged("spec.selector", spec.get("selector"), old["spec"].get("selector"))


def job_faults(job: Object, old: Object | None) -> Iterator[Cause]:
    """Yield what is wrong with a Job."""
    spec = job.get("spec") or {}
    yield from job_spec_faults(spec, "spec")
    if spec.get("manualSelector"):
        yield from _selector_faults(spec, "Job")
    if old is not None:
        yield from _job_change_faults(spec, old["spec"])


def cron_job_faults(cron_job: Object) -> Iterator[Cause]:
    """Yield what is wrong with a CronJob."""
    spec = cron_job.get("spec") or {}
    if (policy := spec.get("concurrencyPolicy")) not in _CONCURRENCY:
        yield unsupported("spec.concurrencyPolicy", policy, _CONCURRENCY)
    schedule = str(spec.get("schedule", ""))
    if schedule and not schedule.startswith("@") and (count := len(schedule.split())) != _CRON_FIELDS:
        told = f"expected exactly {_CRON_FIELDS} fields, found {count}: {schedule.split()}"
        yield invalid("spec.schedule", schedule, told)
    yield from job_spec_faults((spec.get("jobTemplate") or {}).get("spec") or {}, "spec.jobTemplate.spec")


def job_spec_faults(spec: Part, path: str) -> Iterator[Cause]:
    """Yield what is wrong with the spec of a Job or of a CronJob's template."""
    yield from _count_faults(spec, path)
    mode = spec.get("completionMode", "NonIndexed")
    if mode not in {"NonIndexed", "Indexed"}:
        yield unsupported(f"{path}.completionMode", mode, ("NonIndexed", "Indexed"))
    if mode == "Indexed":
        if "completions" not in spec:
            yield required(f"{path}.completions", "when completion mode is Indexed")
        elif spec.get("parallelism", 1) > _MOST_INDEXED:
            told = f"must be less than or equal to {_MOST_INDEXED} when completion mode is Indexed"
            yield invalid(f"{path}.parallelism", spec["parallelism"], told)
    elif "backoffLimitPerIndex" in spec:
        yield invalid(f"{path}.backoffLimitPerIndex", spec["backoffLimitPerIndex"], "requires indexed completion mode")
    if "template" in spec:
        yield from template_faults(spec["template"], f"{path}.template", _ONCE)


def _job_change_faults(spec: Part, old: Part) -> Iterator[Cause]:
    is_elastic = spec.get("completionMode") == "Indexed" and spec.get("completions") == spec.get("parallelism")
    if not is_elastic:
        yield from unchanged("spec.completions", spec.get("completions"), old.get("completions"))
    yield from unchanged("spec.selector", spec.get("selector"), old.get("selector"))
    new_template, old_template = spec.get("template") or {}, old.get("template") or {}
    if old.get("suspend"):
        new_template, old_template = _unplaced(new_template), _unplaced(old_template)
    if new_template != old_template:
        yield from unchanged("spec.template", spec.get("template"), old.get("template"))
    for field in ("completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy"):
        yield from unchanged(f"spec.{field}", spec.get(field), old.get(field))


def _unplaced(template: Part) -> Part:
    """Return a template without what says where its pods go: of a suspended Job that may change (KEP 2926)."""
    spec = {name: value for name, value in (template.get("spec") or {}).items() if name not in _PLACING}
    return {"spec": spec}


def _count_faults(spec: Part, path: str) -> Iterator[Cause]:
    for field in _COUNTS:
        if spec.get(field, 0) < 0:
            yield invalid(f"{path}.{field}", spec[field], _NOT_NEGATIVE)


def _selector_faults(spec: Part, kind: str) -> Iterator[Cause]:
    selector = spec.get("selector") or {}
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
    wanted, rules = selector.get("matchLabels") or {}, selector.get("matchExpressions") or ()
    if not wanted and not rules:
        yield invalid("spec.selector", selector, f"empty selector is invalid for {kind.lower()}")
        return
    for key, value in wanted.items():
        yield from label_faults("spec.selector.matchLabels", key, value)
    for index, rule in enumerate(rules):
        if rule.get("operator") not in _OPERATORS:
            path = f"spec.selector.matchExpressions[{index}].operator"
            yield invalid(path, rule.get("operator"), "not a valid selector operator")
    if any(labels.get(key) != value for key, value in wanted.items()) or not all(
        _matches(rule, labels) for rule in rules
    ):
        yield invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")


def _matches(rule: Part, labels: Part) -> bool:
    key, values = rule.get("key", ""), rule.get("values") or ()
    match rule.get("operator"):
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    return True
