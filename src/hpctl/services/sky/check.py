"""Ask SkyPilot what it thinks of a cluster, and tell it in hpctl's words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from hpctl.errors import NotFoundError
from hpctl.facts.ports import Ports
from hpctl.facts.sky import VERSION, SkyVerdict
from hpctl.report.labels import NodeLabelsReport
from hpctl.report.sky import SkyAccelerators, SkyCheckReport
from hpctl.services.connect import Wish, plan_connect
from hpctl.services.job.where import where
from hpctl.services.node_labels import Wish as LabelWish
from hpctl.services.node_labels import plan_labels
from hpctl.services.sky.setup import Tools

State = Literal["ready", "blind", "disabled"]
_PROGRAMS = {"socat": "socat", "nc": "netcat-openbsd"}
"""What SkyPilot wants on this machine, and the package that has it on Debian and Ubuntu."""


def check(cluster: str, tools: Tools, ports: Ports) -> SkyCheckReport:
    """Return SkyPilot's verdict on the cluster's context.

    Raises:
        NotFoundError: there is no such cluster, or SkyPilot has not been set up.
        UsageError: Slurm orchestrates it.
        UnavailableError: SkyPilot's check did not come to an end.
    """
    at = where(cluster, None, ports)
    if not tools.sky.installed:
        raise NotFoundError(
            f"SkyPilot {VERSION} is not in `{tools.sky.environment}`", hint=f"hpctl sky setup --cluster {at.cluster}"
        )
    context = plan_connect(cluster, Wish(), tools.program, tools.kubeconfig, ports).context
    verdict = tools.sky.check(context)
    labels = plan_labels(at, (), LabelWish.LABEL, ports)
    state, said = _state(context, verdict, labels)
    return SkyCheckReport(
        cluster=at.cluster,
        version=VERSION,
        context=context,
        state=state,
        said=said,
        accelerators=tuple(
            SkyAccelerators(accelerator=kind, total=total, free=free)
            for kind, (total, free) in sorted(verdict.accelerators.items())
        ),
        elsewhere=tuple(
            f"{name}: {words}" for name, (usable, words) in verdict.contexts.items() if name != context and not usable
        ),
        next_steps=tuple(_next(at.cluster, context, state, verdict)),
    )


def _state(context: str, verdict: SkyVerdict, labels: NodeLabelsReport) -> tuple[State, str]:
    if verdict.reason:
        return "disabled", verdict.reason
    if context not in verdict.contexts:
        return "disabled", "the context is not among those that SkyPilot is allowed, or not in the kubeconfig"
    enabled, words = verdict.contexts[context]
    if not enabled:
        return "disabled", words
    if unlabelled := len(labels.names()):
        return "blind", f"no label tells SkyPilot of the accelerators of {unlabelled} of the nodes"
    if any(row.after for row in labels.nodes) and not verdict.accelerators:
        return "blind", verdict.uncounted or words or "SkyPilot counts no accelerators"
    return "ready", words


def _next(cluster: str, context: str, state: State, verdict: SkyVerdict) -> Iterator[str]:
    wanted = [package for program, package in _PROGRAMS.items() if f"`{program}`" in verdict.reason]
    if wanted:
        yield f"sudo apt-get install {' '.join(wanted)}"
    elif state == "blind":
        yield f"hpctl node label --overwrite --cluster {cluster}"
    elif state == "disabled" and context not in verdict.contexts:
        yield f"hpctl sky setup --cluster {cluster}"
    elif state == "disabled":
        yield f"hpctl doctor {cluster}"
