"""Set SkyPilot up for a cluster on EKS: its environment, the contexts it is allowed, EFA, and the labels of nodes."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from hpctl.facts.kubeconfig import Kubeconfig
from hpctl.facts.ports import Ports
from hpctl.facts.sky import VERSION, FileChange, SkyPilot
from hpctl.report.connection import ConnectionReport
from hpctl.report.labels import NodeLabelsReport
from hpctl.report.sky import SkySetupReport, SkyStep
from hpctl.services.connect import Program, connect, plan_connect
from hpctl.services.connect import Wish as ConnectionWish
from hpctl.services.job.where import Where, where
from hpctl.services.node_labels import Wish as LabelWish
from hpctl.services.node_labels import apply_labels, plan_labels, row_of
from hpctl.services.sky.efa import files

_PATIENCE_S: Final = 600
"""SkyPilot gives pods ten seconds to be placed: less than a node takes that is just being replaced or labelled."""
_INSTALL: Final = "about 520 MB from the package index; takes a minute or two"


@dataclass(frozen=True)
class Tools:
    """What of this machine is needed: how hpctl is run, the kubeconfig, and SkyPilot."""

    program: Program
    kubeconfig: Kubeconfig
    sky: SkyPilot


@dataclass(frozen=True)
class Setup:
    """What is to be done, as it is told and as it is carried out."""

    at: Where
    report: SkySetupReport
    connection: ConnectionReport
    config: FileChange
    beside: tuple[FileChange, ...]
    labels: NodeLabelsReport
    install: bool


def plan_setup(cluster: str, tools: Tools, ports: Ports, *, reinstall: bool = False) -> Setup:
    """Return what setting up would do; nothing is changed.

    Raises:
        NotFoundError: there is no such cluster.
        UsageError: Slurm orchestrates it.
        SpecError: SkyPilot's configuration cannot be read.
        ConflictError: the kubeconfig has somebody else's entries of these names.
    """
    at = where(cluster, None, ports)
    connection = plan_connect(cluster, ConnectionWish(), tools.program, tools.kubeconfig, ports)
    config = tools.sky.allowed(connection.context, connection.current_context, _PATIENCE_S)
    folder = str(PurePath(config.path).parent / "hpctl")
    nodes = ports.kubernetes.nodes(at.eks)
    beside = tuple(tools.sky.beside(name, text) for name, text in files(at.cluster, folder, nodes))
    other = [node.name for node in nodes if row_of(node, LabelWish.OVERWRITE).change == "change"]
    labels = plan_labels(at, (), LabelWish.LABEL, ports)
    install = reinstall or not tools.sky.installed
    steps = tuple(_steps(tools.sky, connection, config, beside, labels, install=install))
    report = SkySetupReport(
        cluster=at.cluster,
        identity=labels.identity,
        version=VERSION,
        environment=tools.sky.environment,
        context=connection.context,
        result="unchanged" if all(step.change == "keep" for step in steps) else "planned",
        steps=steps,
        notes=tuple(_notes(at, connection, config, other)),
        next_steps=tuple(_next(at, tools.sky, connection, beside)),
    )
    return Setup(at, report, connection, config, beside, labels, install)


def apply_setup(setup: Setup, tools: Tools, ports: Ports) -> SkySetupReport:
    """Carry the plan out, what takes longest and changes nothing of the person's first; again does what is left.

    Raises what planning raises, `UnavailableError` where SkyPilot cannot be installed, and `LockedError` while another
    command installs it.
    """
    if setup.install:
        with ports.state.lock(f"skypilot-{VERSION}"):
            tools.sky.install()
    if setup.connection.changed:
        connect(setup.at.cluster, ConnectionWish(), tools.program, tools.kubeconfig, ports)
    for change in (setup.config, *setup.beside):
        if change.before != change.after:
            tools.sky.write(change)
    apply_labels(setup.labels, setup.at, ports)
    return setup.report.model_copy(update={"result": "done", "notes": ()})


def _steps(
    sky: SkyPilot,
    connection: ConnectionReport,
    config: FileChange,
    beside: tuple[FileChange, ...],
    labels: NodeLabelsReport,
    *,
    install: bool,
) -> Iterator[SkyStep]:
    words = f"SkyPilot {VERSION}"
    yield SkyStep(
        part="environment",
        subject=sky.environment,
        change="add" if install else "keep",
        detail=f"{words}, {_INSTALL}" if install else words,
    )
    yield SkyStep(
        part="context",
        subject=connection.context,
        change="add" if connection.changed else "keep",
        detail=f"in {connection.kubeconfig}",
    )
    yield _file("config", config)
    yield from (_file("efa", change) for change in beside)
    changed = len(labels.names())
    yield SkyStep(
        part="labels",
        subject=labels.label,
        change="add" if changed else "keep",
        detail=f"on {changed} of {len(labels.nodes)} nodes" if changed else "no node lacks it",
    )


def _file(part: str, change: FileChange) -> SkyStep:
    same = change.before == change.after
    lines = difflib.unified_diff(change.before.splitlines(), change.after.splitlines(), lineterm="", n=2)
    return SkyStep.model_validate(
        {
            "part": part,
            "subject": change.path,
            "change": "keep" if same else "change" if change.before else "add",
            "diff": tuple(lines)[2:],
        }
    )


def _notes(at: Where, connection: ConnectionReport, config: FileChange, other: Sequence[str]) -> Iterator[str]:
    if other:
        yield (
            f"{len(other)} of the nodes keep a label that is not what their type has: "
            f"hpctl node label --overwrite --cluster {at.cluster}"
        )
    current = connection.current_context
    if current and current != connection.context and current in config.after and current not in config.before:
        yield (
            f"the current context `{current}` is allowed, too: "
            "once contexts are named, SkyPilot no longer takes the current one by itself"
        )


def _next(at: Where, sky: SkyPilot, connection: ConnectionReport, beside: tuple[FileChange, ...]) -> Iterator[str]:
    yield f"hpctl sky check --cluster {at.cluster}"
    yield f'export PATH={shlex.quote(sky.environment + "/bin")}:"$PATH"'
    config = f" --config {shlex.quote(beside[0].path)}" if beside else ""
    yield f"sky launch --infra {shlex.quote('k8s/' + connection.context)}{config} task.yaml"
