"""Let kubectl reach a cluster: the cluster, the user and the context of a kubeconfig."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from hpctl.errors import UnavailableError, UsageError
from hpctl.facts.kubeconfig import CurrentContext, Kubeconfig, KubeconfigChange, KubeconfigEntry
from hpctl.facts.ports import Ports
from hpctl.facts.records import Cluster, EksCluster, Identity
from hpctl.report.connection import ConnectionReport

_FILES: Final = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CA_BUNDLE")
_ADDRESSES: Final = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS")
"""What says where credentials and AWS are. Whoever has the kubeconfig is sent there; keys never stand in it."""

_NAMESPACE: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class Wish:
    """How to connect: the context's name (None: hpctl's own), its namespace, whether it becomes the current one.

    `kubeconfig` is the file that was named for it, None for the one that kubectl takes by itself.
    """

    context: str | None = None
    namespace: str | None = None
    current: CurrentContext = CurrentContext.KEPT
    kubeconfig: str | None = None


@dataclass(frozen=True)
class Program:
    """How this hpctl is run, as the start of a command line, and the environment that it was run in."""

    command: tuple[str, ...]
    environment: Mapping[str, str]


def connect(name: str, wish: Wish, program: Program, kubeconfig: Kubeconfig, ports: Ports) -> ConnectionReport:
    """Add the cluster to the kubeconfig; a second time, nothing changes.

    Raises:
        NotFoundError: there is no such cluster.
        UsageError: Slurm orchestrates it, or a name cannot be.
        ConflictError: the kubeconfig has somebody else's entries of these names, or does not become free.
    """
    found = _found(name, wish, program, ports)
    change = kubeconfig.add(found.entry, wish.current)
    return _told(found, wish, change, "connected" if change.changed else "unchanged")


def plan_connect(name: str, wish: Wish, program: Program, kubeconfig: Kubeconfig, ports: Ports) -> ConnectionReport:
    """Return what connecting would do; raises what it would raise."""
    found = _found(name, wish, program, ports)
    change = kubeconfig.planned(found.entry, wish.current)
    return _told(found, wish, change, "planned" if change.changed else "unchanged")


def eks_cluster_of(cluster: Cluster) -> str:
    """Return the name of the EKS cluster that orchestrates; `UsageError` when Slurm does."""
    if cluster.eks_cluster_arn is None:
        raise UsageError(
            f"cluster `{cluster.name}` is orchestrated by Slurm, which has no Kubernetes API",
            hint=f"look at its nodes: hpctl node list --cluster {cluster.name}",
        )
    return cluster.eks_cluster_arn.rpartition("/")[2]


@dataclass(frozen=True)
class _Found:
    cluster: Cluster
    eks: EksCluster
    identity: Identity
    profile: str | None
    entry: KubeconfigEntry


def _found(name: str, wish: Wish, program: Program, ports: Ports) -> _Found:
    _demand_names(wish)
    cluster = ports.clusters.describe(name)
    eks = ports.eks.describe(eks_cluster_of(cluster))
    identity, profile = ports.caller.identity(), ports.caller.pinned_profile()
    if not eks.endpoint or not eks.certificate_authority:
        raise UnavailableError(
            f"EKS cluster `{eks.name}` is {eks.status} and has no Kubernetes endpoint yet",
            hint=f"aws eks wait cluster-active --region {identity.region} --name {eks.name}",
        )
    entry_name = f"hpctl:{identity.account}:{identity.region}:{cluster.name}"
    pinned = ("--profile", profile) if profile else ()
    entry = KubeconfigEntry(
        name=entry_name,
        context=wish.context or entry_name,
        server=eks.endpoint,
        certificate_authority=eks.certificate_authority,
        command=(*program.command, "eks-token", "--cluster-name", eks.name, "--region", identity.region, *pinned),
        environment=dict(_kept(program.environment)),
        namespace=wish.namespace,
    )
    return _Found(cluster, eks, identity, profile, entry)


def _demand_names(wish: Wish) -> None:
    if wish.namespace is not None and not _NAMESPACE.fullmatch(wish.namespace):
        raise UsageError(
            f"`{wish.namespace}` is not the name of a namespace",
            hint="lower-case letters, digits and `-`, at most 63, a letter or digit first and last",
        )
    if wish.context is not None and (not wish.context.strip() or not wish.context.isprintable()):
        raise UsageError("the name of a context is printable and not empty", hint="--context NAME")


def _kept(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the variables that the token's maker needs in other shells, too; none of them is a secret."""
    for name in _FILES:
        if value := environment.get(name):
            yield name, str(Path(value).expanduser().absolute())
    for name in _ADDRESSES:
        if (value := environment.get(name)) and "@" not in urlsplit(value).netloc:
            yield name, value


def _told(found: _Found, wish: Wish, change: KubeconfigChange, result: str) -> ConnectionReport:
    entry = found.entry
    return ConnectionReport.model_validate(
        {
            "cluster": found.cluster.name,
            "eks_cluster": found.eks.name,
            "region": found.identity.region,
            "account": found.identity.account,
            "kubeconfig": change.path,
            "context": entry.context,
            "current_context": change.current,
            "result": result,
            "changed": change.changed,
            "entries": change.entries,
            "notes": (*change.warnings, *_remarks(found)),
            "next_steps": tuple(_next(entry, wish, change)),
        }
    )


def _remarks(found: _Found) -> Iterator[str]:
    if found.profile is None:
        yield (
            "the credentials come from this shell or this machine, and the kubeconfig keeps no keys; "
            "with --profile NAME the context has the same ones everywhere"
        )


def _next(entry: KubeconfigEntry, wish: Wish, change: KubeconfigChange) -> Iterator[str]:
    file = f" --kubeconfig {shlex.quote(wish.kubeconfig)}" if wish.kubeconfig else ""
    context = "" if change.current == entry.context else f" --context {shlex.quote(entry.context)}"
    yield f"kubectl{file}{context} get nodes"
    yield f"hpctl cluster check {entry.name.rpartition(':')[2]}"
