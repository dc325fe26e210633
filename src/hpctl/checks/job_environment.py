"""Whether the variables that a job sets for EFA, NCCL and Neuron do what people set them for.

Sources: the documentation of libfabric's EFA provider, NCCL, aws-ofi-nccl, PyTorch and the AWS Neuron SDK; AWS's
troubleshooting guides and samples for HyperPod (2025 and 2026).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from hpctl.checks.declare import check, fail, note, warn
from hpctl.checks.job_pods import GPU, NEURON, PodTemplate, environment, known_type, nodes_for, templates
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.world import World
from hpctl.report.check import Finding

_WITHOUT_RDMA: Final = frozenset({"g4dn", "g5", "g6", "gr6"})
"""Families whose EFA has no RDMA read: libfabric aborts when it is asked for (EC2 DescribeInstanceTypes)."""

_ASSIGNED: Final = re.compile(
    r"""(?:^|[;&|(]|\bexport|\benv|-x|--env)\s*(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>'[^']*'|"[^"]*"|[^\s;&|)\\]*)""",
    re.MULTILINE,
)
"""An assignment in a script: `export NAME=value`, `NAME=value command`, `mpirun -x NAME=value`."""

_SECRET: Final = re.compile(
    r"(?:^|_)(?:TOKEN|API_?KEY|SECRET(?:_ACCESS)?(?:_KEY)?|PASSWORD|PASSWD|ACCESS_KEY(?:_ID)?)$"
)
"""How variables are called that hold secrets."""


@dataclass(frozen=True)
class Setting:
    """A variable that is set: its value, and where (`env of pytorch`, `run`)."""

    name: str
    value: str
    where: str


@dataclass(frozen=True)
class Pods:
    """What the variables are set for: instance families, whether Neuron, whether the pod has the node's network."""

    families: frozenset[str]
    neuron: bool
    gpus: bool
    host_network: bool
    huge_pages: bool


Level = Literal["fail", "warn", "note"]


@dataclass(frozen=True)
class Verdict:
    """A known variable: when it is wrong (`when`), how much that matters, what to say and what to do."""

    name: str
    level: Level
    message: str
    remedy: str
    when: Callable[[str, Pods], bool] = lambda _value, _pods: True


def _on(value: str) -> bool:
    return value.lower() not in ("", "0", "false", "no")


def _fixed_interface(value: str, pods: Pods) -> bool:
    inside = () if pods.host_network else ("eth0", "=eth0", "eth")
    return bool(value) and not value.startswith(("^", "$")) and value not in inside


VERDICTS: Final[tuple[Verdict, ...]] = (
    Verdict(
        "FI_EFA_USE_DEVICE_RDMA",
        "fail",
        "the EFA of this type has no RDMA read: libfabric aborts",
        "leave it out",
        lambda value, pods: _on(value) and bool(pods.families & _WITHOUT_RDMA),
    ),
    Verdict(
        "FI_EFA_USE_DEVICE_RDMA",
        "note",
        "is not needed with aws-ofi-nccl 1.7 or newer",
        "leave it out",
        lambda value, pods: _on(value) and not pods.neuron and not pods.families & _WITHOUT_RDMA,
    ),
    Verdict(
        "FI_EFA_USE_HUGE_PAGE",
        "warn",
        "asks for huge pages, and the pods ask for none",
        "set it to 0, or ask for `hugepages-2Mi`",
        lambda value, pods: _on(value) and not pods.huge_pages,
    ),
    Verdict("FI_EFA_FORK_SAFE", "note", "has no effect on Linux 5.15 or newer", "leave it out", lambda _v, p: p.gpus),
    Verdict("RDMAV_FORK_SAFE", "warn", "is for InfiniBand and harms EFA", "leave it out"),
    Verdict("RDMAV_HUGEPAGES_SAFE", "warn", "is for InfiniBand and harms EFA", "leave it out"),
    Verdict("NCCL_PROTO", "warn", "takes the choice of protocol from NCCL's tuner", "leave it out"),
    Verdict("NCCL_IB_DISABLE", "warn", "is for InfiniBand; EFA is no part of it", "leave it out"),
    Verdict("NCCL_NSOCKS_PERTHREAD", "warn", "is for TCP and does nothing with EFA", "leave it out"),
    Verdict("NCCL_SOCKET_NTHREADS", "warn", "is for TCP and does nothing with EFA", "leave it out"),
    Verdict(
        "NCCL_TIMEOUT",
        "warn",
        "is no variable of NCCL's",
        "init_process_group(timeout=...), or torchrun --rdzv-conf=timeout=1800",
    ),
    Verdict(
        "NCCL_SOCKET_IFNAME",
        "warn",
        "names an interface that pods may not have",
        "leave it out, or exclude: NCCL_SOCKET_IFNAME=^lo,docker,veth",
        _fixed_interface,
    ),
    Verdict(
        "NCCL_DEBUG",
        "warn",
        "writes so much that it slows the job down",
        "NCCL_DEBUG=WARN, or INFO with NCCL_DEBUG_FILE while looking for something",
        lambda value, _pods: value.upper() == "TRACE",
    ),
    Verdict(
        "NCCL_ASYNC_ERROR_HANDLING",
        "note",
        "is TORCH_NCCL_ASYNC_ERROR_HANDLING in PyTorch 2.2 and newer",
        "use the new name",
    ),
    Verdict(
        "NCCL_NET_PLUGIN",
        "warn",
        "takes NCCL off EFA",
        "leave it out",
        lambda value, pods: value == "none" and not pods.neuron,
    ),
)
"""What is known of variables; several rows may be about one."""


@check(
    "job-environment",
    "variables for EFA, NCCL and Neuron are such as help",
    needs=("job-fits",),
    reads=("eks:DescribeCluster", "kubernetes:nodes"),
    blocking=False,
)
def variables(job: JobInCluster, world: World) -> Iterator[Finding]:
    """With libfabric 1.18, aws-ofi-nccl 1.7 or newer no variable is needed for EFA.

    Many that are copied from older samples slow jobs down, and some end them. Looked at are the variables of the
    containers, and assignments in the scripts.
    """
    seen: set[tuple[str, str]] = set()
    for template in templates(job):
        pods = _pods(template, job, world)
        for setting in settings(template, job):
            if (setting.name, setting.value) in seen:
                continue
            seen.add((setting.name, setting.value))
            yield from _judged(setting, pods)


@check("job-secrets", "no secret is written out in a variable", needs=("kube-token",), blocking=False)
def secrets(job: JobInCluster, _world: World) -> Iterator[Finding]:
    """Whoever may look at the job sees the values of its variables.

    A value of `--secret NAME` is kept in a Secret, which fewer may read, and is shown nowhere.
    """
    seen: set[str] = set()
    for template in templates(job):
        for one in template.all_containers:
            for name, value in environment(one).items():
                if value and not value.startswith("$") and _SECRET.search(name) and name not in seen:
                    seen.add(name)
                    remedy = f"leave it out of the variables: --secret {name}"
                    yield warn(f"env/{name}", "looks like a secret, and is written out", remedy=remedy)


def _judged(setting: Setting, pods: Pods) -> Iterator[Finding]:
    subject, where = f"env/{setting.name}", f"{setting.where}: {setting.name}={setting.value}"
    if pods.neuron and setting.name.startswith("NCCL_"):
        yield warn(subject, "is for GPUs: collectives of Neuron do not read it", where, remedy="leave it out")
        return
    for row in VERDICTS:
        if row.name == setting.name and row.when(setting.value, pods):
            match row.level:
                case "fail":
                    yield fail(subject, row.message, where, remedy=row.remedy)
                case "warn":
                    yield warn(subject, row.message, where, remedy=row.remedy)
                case "note":
                    yield note(subject, f"{row.message}: {row.remedy}", where)


def settings(template: PodTemplate, job: JobInCluster) -> Iterator[Setting]:
    """Yield the variables that the pods of a role have: those of their containers, and those that scripts assign."""
    for one in template.containers:
        for name, value in environment(one).items():
            yield Setting(name, value, f"env of {one.get('name', 'the container')}")
    for title, text in job.scripts.items():
        for found in _ASSIGNED.finditer(_without_comments(text)):
            yield Setting(found["name"], found["value"].strip("'\""), title)


def _without_comments(text: str) -> str:
    return re.sub(r"(?m)(^|\s)#.*$", r"\1", text)


def _pods(template: PodTemplate, job: JobInCluster, world: World) -> Pods:
    kinds = [known_type(node.instance_type) for node in nodes_for(template, job, world)]
    asked = {key for key, amount in template.requests.items() if amount}
    return Pods(
        families=frozenset(kind.family for kind in kinds if kind),
        neuron=bool(asked & set(NEURON)),
        gpus=GPU in asked,
        host_network=bool(template.spec.get("hostNetwork")),
        huge_pages=any(key.startswith("hugepages-") for key in asked),
    )
