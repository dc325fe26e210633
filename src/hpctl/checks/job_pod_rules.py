"""What the objects of a job say that Kubernetes takes, and that is hardly meant: nulls, taints, rights, log rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from hpctl.checks.declare import check, fail, note, warn
from hpctl.checks.job_pods import PodTemplate, nodes_for, templates
from hpctl.checks.live import HEALTH_LABEL
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.kubernetes import Taint, Toleration
from hpctl.facts.world import World
from hpctl.report.check import Finding
from hpctl.spec.manifest_pods import mapping, rows

_PASSING: Final = ("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/", HEALTH_LABEL)
"""Taints that come and go with a node's health: Kubernetes' own (its documentation, "Taints and Tolerations") and
HyperPod's during deep health checks. Whether nodes are well is another check's business."""

_SHOWN: Final = 5
_TOLERATION: Final = ("key", "operator", "value", "effect")
_KEEPS_OFF: Final = ("NoSchedule", "NoExecute")
_LEAST_START_S: Final = 60
"""Pulling weights and compiling takes longer than this before the first line of a step is written."""


@check("job-resource-null", "no resource is asked for without an amount", needs=("kube-token",))
def resource_null(job: JobInCluster, _world: World) -> Iterator[Finding]:
    """`nvidia.com/gpu:` with nothing behind it is null in YAML, and null is as if it were not written.

    The pod then runs without its devices. It is what is left of a template whose variable was empty.
    """
    for template in templates(job):
        for one in template.all_containers:
            resources = mapping(one.get("resources"))
            for part in ("requests", "limits"):
                for key in (key for key, value in mapping(resources.get(part)).items() if value in (None, "")):
                    subject = f"job/{job.name} ({one.get('name', 'container')})"
                    remedy = f"write an amount, such as `{key}: 8`, or leave the line out"
                    yield fail(subject, f"`resources.{part}` has `{key}` without an amount", remedy=remedy)


@check(
    "job-toleration",
    "the pods tolerate the taints of their nodes",
    needs=("job-fits",),
    reads=("eks:DescribeCluster", "kubernetes:nodes"),
    blocking=False,
)
def toleration(job: JobInCluster, world: World) -> Iterator[Finding]:
    """A taint keeps pods off a node unless they tolerate it; such pods stay Pending with `untolerated taint`.

    Instance groups get taints by their `kubernetes.taints`, and people taint nodes with accelerators to keep other pods
    off. Pods of hpctl's own job files tolerate the taints that are called after the devices that they ask for.
    """
    for template in templates(job):
        nodes = nodes_for(template, job, world)
        held = {node.name: tuple(_in_the_way(template, node.taints)) for node in nodes}
        if nodes and all(held.values()):
            taints = dict.fromkeys(taint for found in held.values() for taint in found)
            yield fail(
                f"job/{job.name}" if template.role == "pods" else f"job/{job.name} ({template.role})",
                f"tolerates the taints of none of its {len(nodes)} nodes",
                *(f"{name}: {', '.join(map(str, found))}" for name, found in list(held.items())[:_SHOWN]),
                remedy="add to `tolerations` of the pods:\n" + "\n".join(map(_as_yaml, taints)),
            )


@check("job-privileged", "no container has all of its node's rights", needs=("kube-token",), blocking=False)
def privileged(job: JobInCluster, _world: World) -> Iterator[Finding]:
    """EFA, NCCL and GPUs do not need it: the device plugins hand devices in, and locking memory takes IPC_LOCK.

    A privileged container sees the accelerators of all jobs on its node, and can harm it. Pods with the node's network
    share its ports: two of them on one node collide.
    """
    for template in templates(job):
        for one in template.all_containers:
            if mapping(one.get("securityContext")).get("privileged") is True:
                yield warn(
                    f"job/{job.name} ({one.get('name', 'container')})",
                    "is privileged",
                    remedy="write `securityContext: {capabilities: {add: [IPC_LOCK]}}` in place of `privileged: true`",
                )
        if template.spec.get("hostNetwork") is True:
            yield note(f"job/{job.name}", "has its nodes' network: ports of pods on one node collide")


@check("job-log-rules", "rules about the job's log can match", needs=("kube-token",), blocking=False)
def log_rules(job: JobInCluster, _world: World) -> Iterator[Finding]:
    """HyperPod's training operator restarts a job whose log does not say what its rules expect.

    A rule is a regular expression, with one group where a number is to be compared. One that never matches restarts a
    healthy job until its retries are used up (`LogStateHanging_NAME`), and so does one that expects a first line
    before the job has come to train.
    """
    policy = mapping(mapping((job.job or {}).get("spec")).get("runPolicy"))
    for rule in map(mapping, rows(policy.get("logMonitoringConfiguration"))):
        subject = f"log rule/{rule.get('name') or '(no name)'}"
        for message, evidence, remedy in _faults(rule):
            yield warn(subject, message, evidence, remedy=remedy)


def _in_the_way(template: PodTemplate, taints: tuple[Taint, ...]) -> Iterator[Taint]:
    told = map(mapping, rows(template.spec.get("tolerations")))
    tolerated = [Toleration(**{key: str(row[key]) for key in _TOLERATION if row.get(key)}) for row in told]
    for taint in taints:
        lasting = taint.effect in _KEEPS_OFF and not taint.key.startswith(_PASSING)
        if lasting and not any(one.bears(taint) for one in tolerated):
            yield taint


def _as_yaml(taint: Taint) -> str:
    value = f'operator: Equal, value: "{taint.value}"' if taint.value else "operator: Exists"
    return f'- {{key: "{taint.key}", {value}, effect: {taint.effect}}}'


def _faults(rule: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong with a rule, what shows it, and what to write."""
    pattern = str(rule.get("logPattern") or "")
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        told = f"logPattern: {pattern}"
        yield f"its pattern is no regular expression: {error.msg}", told, "put `\\` before ( ) [ ] . * + ? of the text"
        return
    compares = rule.get("metricThreshold") is not None
    if compares and groups != 1:
        message = f"compares a number, and its pattern has {groups or 'no'} groups"
        yield message, f"logPattern: {pattern}", "put the number alone into parentheses, such as `loss: ([0-9.]+)`"
    start = rule.get("expectedStartCutOffInSeconds")
    if isinstance(start, int) and start < _LEAST_START_S:
        message = f"expects its first line within {start} seconds"
        remedy = "write a time that loading and compiling take: `expectedStartCutOffInSeconds: 1800`"
        yield message, f"expectedStartCutOffInSeconds: {start}", remedy
