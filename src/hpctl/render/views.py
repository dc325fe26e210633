"""Which view shows which report."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from importlib import import_module
from typing import cast

from hpctl.render.output import Output
from hpctl.render.page import Piece
from hpctl.report.base import Report

_VIEWS = {
    "AcceleratorList": "gpus.accelerator_list",
    "CheckList": "checks.check_list",
    "CheckPage": "explanations.check_page",
    "Checks": "checks.check_report",
    "Cluster": "clusters.cluster",
    "ClusterList": "clusters.cluster_list",
    "Connection": "connections.connection",
    "DevList": "devs.dev_list",
    "DevOutcome": "devs.dev_outcome",
    "DevSync": "devs.dev_sync",
    "EventList": "clusters.event_list",
    "Explanation": "explanations.explanation",
    "FailureList": "explanations.failure_list",
    "FaultList": "sandboxes.fault_list",
    "InstanceType": "instances.instance_type",
    "InstanceTypeList": "instances.instance_type_list",
    "Job": "jobs.job",
    "JobList": "jobs.job_list",
    "JobOutcome": "jobs.job_outcome",
    "JobPlan": "jobs.job_plan",
    "Model": "models.model",
    "ModelFamily": "models.model_family",
    "Node": "nodes.node",
    "NodeCopyList": "node_copies.node_copy_list",
    "NodeLabels": "labels.node_labels",
    "NodeList": "nodes.node_list",
    "NodeRunList": "node_runs.node_run_list",
    "Outcome": "clusters.outcome",
    "Plan": "plans.plan",
    "PortForwardList": "node_access.port_forward_list",
    "Queue": "queues.queue",
    "QueueList": "queues.queue_list",
    "QuotaList": "quotas.quota_list",
    "Sandbox": "sandboxes.sandbox",
    "ScriptFolder": "lifecycle.script_folder",
    "ScriptUpload": "lifecycle.script_upload",
    "Skill": "skills.skill",
    "SlurmChange": "slurm.slurm_change",
    "SlurmStatus": "slurm.slurm_status",
    "SandboxList": "sandboxes.sandbox_list",
    "SkyCheck": "sky.check",
    "SkySetup": "sky.setup",
    "SshConfig": "node_access.ssh_config",
    "Written": "written.written",
}
"""Module and function by the report's kind: a view imports the model of its report, which costs Pydantic's time."""

_WIDE = {
    "Checks": "checks.check_report_wide",
    "Explanation": "explanations.explanation_wide",
    "InstanceType": "instances.instance_type_wide",
    "Model": "models.model_wide",
}
"""Views whose wide form is more than further columns."""

_DATED = frozenset({"ClusterList", "DevList", "JobList", "NodeList"})
"""Views that show ages."""


def pieces(report: Report, output: Output, now: datetime) -> Iterator[Piece]:
    """Return what a person is shown of `report`; `LookupError` for a report that nobody drew a view for."""
    wide = _WIDE if output is Output.WIDE else {}
    module, _, function = (wide.get(report.kind) or _VIEWS[report.kind]).partition(".")
    view = getattr(import_module(f"hpctl.render.{module}"), function)
    return cast("Iterator[Piece]", view(report, now) if report.kind in _DATED else view(report))
