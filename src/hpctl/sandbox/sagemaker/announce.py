"""What events say of clusters and groups, in the words of the HyperPod events reference of the AWS documentation."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hpctl.sandbox.sagemaker.wordings import ORCHESTRATION_NOISE

if TYPE_CHECKING:
    from hpctl.sandbox.sagemaker.cluster import Group
    from hpctl.sandbox.sagemaker.operations import Operation
    from hpctl.sandbox.sagemaker.play import Play

_SERVICE_ROLE = (
    "arn:aws:iam::{}:role/aws-service-role/hyperpod.sagemaker.amazonaws.com/AWSServiceRoleForSageMakerHyperPod"
)


def creation(play: Play) -> None:
    """Tell that the creation begins, and what is made for the orchestrator."""
    pace, operation = play.cluster.created.pace, play.cluster.operation_id(0)
    play.tell(f"Cluster {play.cluster.name} creation started successfully", operation=operation)
    if play.cluster.eks:
        play.after(0.03, pace, partial(_eks_access, play, operation))
    else:
        text = "Successfully created and stored munge key"
        play.after(0.05, pace, lambda: play.tell(text, operation=operation))


def update(play: Play, number: int) -> None:
    """Tell that an update begins."""
    operation = play.cluster.operation_id(number)
    play.tell(f"Cluster {play.cluster.name} update started successfully", operation=operation)


def filling(play: Play, run: Group, verb: str, number: int, pace: float) -> None:
    """Tell that a group begins to be made or changed, and where its nodes will sit."""
    play.after(0.04, pace, partial(group_started, play, run.name, verb, number))
    if run.seats:
        play.after(0.06, pace, partial(_network, play, run, play.cluster.operation_id(number)))


def group_started(play: Play, name: str, verb: str, number: int) -> None:
    """Tell that something begins to be done to a group."""
    text = f"InstanceGroup {name} {verb} started successfully in Cluster {play.cluster.name}"
    play.tell(text, group=name, operation=play.cluster.operation_id(number))


def group_ended(
    play: Play, name: str, verb: str, operation: str | None, outcome: str = "completed successfully"
) -> None:
    """Tell how it ended."""
    group = play.groups.get(name)
    counts = {"InstanceCount": group.current, "TargetCount": group.target} if group else {}
    text = f"Instance Group {name} {verb} in Cluster {play.cluster.name} {outcome}"
    level = "Info" if outcome == "completed successfully" else "Error"
    metadata = {"InstanceGroupScaling": counts} if counts else {}
    play.tell(text, group=name, metadata=metadata, operation=operation, level=level)


def scaled(play: Play, name: str, operation: Operation) -> None:
    """Tell that a group has come to the counts that an operation wanted, and the noise that goes with it."""
    wanted = sum(each.desired["TargetCount"] for each in operation.parts.values())
    if wanted > 1 and operation.status != "InProgress":
        # Seen at AWS on every scaling, and no fault.
        text = (
            f"{wanted} node(s) lost orchestration-ready status. Current: 0/{wanted} orchestration-ready across "
            f"{len(operation.parts)} instance group(s)."
        )
        noise = {"Cluster": {"FailureMessage": ORCHESTRATION_NOISE}}
        play.tell(text, level="Warn", metadata=noise, operation=operation.id)
    part = operation.parts[name]
    if name in play.groups:
        verb = "update" if part.original["TargetCount"] else "creation"
        group_ended(play, name, verb, operation.id)


def _eks_access(play: Play, operation: str) -> None:
    name, account = play.cluster.name, play.cluster.arn.split(":")[4]
    roles = list(dict.fromkeys(group.spec["ExecutionRole"] for group in play.cluster.groups))
    slr = {"Cluster": {"SlrAccessEntry": _SERVICE_ROLE.format(account)}}
    entries = {"Cluster": {"EksRoleAccessEntries": roles}}
    play.tell(f"SLR Access Entry creation successful for Cluster {name}", metadata=slr, operation=operation)
    play.tell(f"EKS Access Entries creation successful for Cluster {name}", metadata=entries, operation=operation)


def _network(play: Play, run: Group, operation: str) -> None:
    network = run.spec.get("OverrideVpcConfig") or play.cluster.request.get("VpcConfig")
    if network is None:
        text = f"Using HyperPod Platform provided network configuration for IG {run.name} in Cluster"
        play.tell(f"{text} {play.cluster.name}", group=run.name, operation=operation)
        return
    groups = network["SecurityGroupIds"]
    for seat in {seat.subnet_id: seat for seat in run.seats}.values():
        members = {"SubnetId": seat.subnet_id, "SecurityGroupIds": groups, "AvailabilityZoneId": seat.zone_id}
        text = (
            f"Found Subnet {seat.subnet_id} in AZ {seat.zone_id} with SecurityGroupIds [{', '.join(groups)}] for IG "
            f"{run.name} in Cluster {play.cluster.name}"
        )
        play.tell(text, group=run.name, metadata={"InstanceGroup": members}, operation=operation)
