"""What a deleted cluster left in the account, and the commands that clear it away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hpctl.errors import HpctlError
from hpctl.facts.ports import Ports
from hpctl.facts.records import Cluster
from hpctl.plan.delete import log_group
from hpctl.report.cluster import OutcomeReport
from hpctl.services.guards import subnets_of


@dataclass(frozen=True)
class Leftover:
    """A thing that stayed behind; `command` removes it, None where it cannot even be seen."""

    what: str
    command: str | None


def with_leftovers(outcome: OutcomeReport, cluster: Cluster | None, ports: Ports) -> OutcomeReport:
    """Return the outcome of a deletion with what stayed behind, once the cluster is gone."""
    if outcome.result != "done" or cluster is None:
        return outcome
    found = tuple(leftovers(cluster, ports))
    commands = tuple(one.command for one in found if one.command)
    return outcome.model_copy(
        update={"left_behind": tuple(one.what for one in found), "next_steps": (*outcome.next_steps, *commands)}
    )


def leftovers(cluster: Cluster, ports: Ports) -> Iterator[Leftover]:
    """Yield the network interfaces and the log group that are left of a cluster that is gone."""
    yield from _seen("network interfaces: whether there are any", lambda: list(_interfaces(cluster, ports)))
    yield from _seen(f"log group `{log_group(cluster)}`: whether it is there", lambda: list(_logs(cluster, ports)))


def _seen(what: str, look: Callable[[], list[Leftover]]) -> Iterator[Leftover]:
    try:
        yield from look()
    except HpctlError as error:
        yield Leftover(f"{what} cannot be seen ({error.message})", None)


def _interfaces(cluster: Cluster, ports: Ports) -> Iterator[Leftover]:
    subnets = subnets_of(cluster)
    for one in ports.network.interfaces(subnets) if subnets else ():
        if not _names(cluster, one.description):
            continue
        what = f"network interface `{one.interface_id}` in `{one.subnet_id}`"
        remove = f"aws ec2 delete-network-interface --region {ports.region} --network-interface-id {one.interface_id}"
        yield Leftover(f"{what}, which AWS may still be removing" if one.in_use else what, remove)


def _names(cluster: Cluster, description: str) -> bool:
    """Whether a description speaks of the cluster, by its ARN, its id or its name as a word of its own."""
    words = description.replace("/", " ").replace(",", " ").split()
    return cluster.arn in description or cluster.cluster_id in words or cluster.name in words


def _logs(cluster: Cluster, ports: Ports) -> Iterator[Leftover]:
    name = log_group(cluster)
    if ports.logs.group_exists(name):
        yield Leftover(
            f"log group `{name}`", f"aws logs delete-log-group --region {ports.region} --log-group-name {name}"
        )
