"""What EKS tells of its clusters and of their node groups: the ports `Eks` and `NodeGroups`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

from hpctl.adapters.aws.errors import lacking, reads
from hpctl.adapters.aws.session import AwsSession
from hpctl.errors import NotFoundError
from hpctl.facts.eks_ports import PodIdentity
from hpctl.facts.kubernetes import AccessEntry, AccessPolicy
from hpctl.facts.records import Addon, EksCluster
from hpctl.terms import AuthenticationMode

_SUPPORTED: Final = frozenset({"STANDARD_SUPPORT", "EXTENDED_SUPPORT"})
_SESSION: Final = re.compile(r"arn:[^:]+:sts::(?P<account>\d+):assumed-role/(?P<role>[^/]+)/")
_ROLE: Final = re.compile(r"arn:[^:]+:iam::(?P<account>\d+):role/(?:.*/)?(?P<role>[^/]+)$")
_DESCRIBES: Final = 8
"""Add-ons and node groups that are described at the same time."""


class AwsEks:
    """Reads EKS clusters."""

    def __init__(self, session: AwsSession) -> None:
        """Ask through `session`."""
        self._session = session

    def describe(self, name: str) -> EksCluster:
        """Return the EKS cluster of that name."""
        return eks_cluster_of(self._session.call("eks", "DescribeCluster", name=name))

    def supported_versions(self) -> tuple[str, ...]:
        """Return the Kubernetes versions in standard or extended support, in EKS's order."""
        rows = map(version_of, self._session.pages("eks", "DescribeClusterVersions", "clusterVersions"))
        found = tuple(dict.fromkeys(version for version, status in rows if status in _SUPPORTED))
        if not found:  # EKS always supports some: that would be somebody else's answer
            raise lacking("eks:DescribeClusterVersions", "clusterVersion")
        return found

    def addons(self, name: str) -> tuple[Addon, ...]:
        """Return the add-ons of the EKS cluster, but one that was removed in this moment."""
        names = list(self._session.pages("eks", "ListAddons", "addons", clusterName=name))
        with ThreadPoolExecutor(_DESCRIBES, thread_name_prefix="addons") as pool:
            found = pool.map(partial(self._addon, name), names)
            return tuple(addon for addon in found if addon is not None)

    def addon_versions(self, kubernetes_version: str, names: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """Return the versions of each add-on that go with a version of Kubernetes; of unknown ones nothing."""
        asked = tuple(names)
        with ThreadPoolExecutor(_DESCRIBES, thread_name_prefix="addon-versions") as pool:
            found = pool.map(partial(self._versions, kubernetes_version), asked)
            return {name: versions for name, versions in zip(asked, found, strict=True) if versions is not None}

    def pod_identities(self, name: str) -> tuple[PodIdentity, ...]:
        """Return the Pod Identity associations of the EKS cluster."""
        rows = self._session.pages("eks", "ListPodIdentityAssociations", "associations", clusterName=name)
        return tuple(map(pod_identity_of, rows))

    def access_entry(self, name: str, principal_arn: str) -> AccessEntry:
        """Return the access entry that lets a principal in.

        The ARN of a session does not say the path of its role, so the entries are looked through for the role's name.
        """
        session = _SESSION.match(principal_arn)
        if session:
            entries = self._session.pages("eks", "ListAccessEntries", "accessEntries", clusterName=name)
            principal_arn = next((arn for arn in entries if _is_role(arn, session["account"], session["role"])), "")
            if not principal_arn:
                raise NotFoundError(f"EKS cluster `{name}` has no access entry for role `{session['role']}`")
        asked: dict[str, Any] = {"clusterName": name, "principalArn": principal_arn}
        groups = access_groups_of(self._session.call("eks", "DescribeAccessEntry", **asked))
        rows = self._session.pages("eks", "ListAssociatedAccessPolicies", "associatedAccessPolicies", **asked)
        return AccessEntry(principal_arn, groups, tuple(map(access_policy_of, rows)))

    def _versions(self, kubernetes_version: str, name: str) -> tuple[str, ...] | None:
        asked: dict[str, Any] = {"addonName": name, "kubernetesVersion": kubernetes_version}
        try:
            rows = list(self._session.pages("eks", "DescribeAddonVersions", "addons", **asked))
        except NotFoundError:
            return None
        return tuple(version for row in rows for version in addon_versions_of(row))

    def _addon(self, cluster: str, name: str) -> Addon | None:
        try:
            return addon_of(self._session.call("eks", "DescribeAddon", clusterName=cluster, addonName=name))
        except NotFoundError:
            return None


class AwsNodeGroups:
    """Reads managed node groups."""

    def __init__(self, session: AwsSession) -> None:
        """Ask through `session`."""
        self._session = session

    def roles(self, cluster: str) -> Mapping[str, str]:
        """Return the ARN of the nodes' role of every node group, but one that was deleted in this moment."""
        names = list(self._session.pages("eks", "ListNodegroups", "nodegroups", clusterName=cluster))
        with ThreadPoolExecutor(_DESCRIBES, thread_name_prefix="node-groups") as pool:
            found = zip(names, pool.map(partial(self._role, cluster), names), strict=True)
            return {name: arn for name, arn in found if arn is not None}

    def _role(self, cluster: str, name: str) -> str | None:
        try:
            answer = self._session.call("eks", "DescribeNodegroup", clusterName=cluster, nodegroupName=name)
        except NotFoundError:
            return None
        return node_role_of(answer)


@reads("eks:DescribeCluster")
def eks_cluster_of(answer: Mapping[str, Any]) -> EksCluster:
    """Read EKS DescribeCluster; what it does not tell has the API's documented default."""
    cluster = answer["cluster"]
    network = cluster.get("resourcesVpcConfig", {})
    return EksCluster(
        name=cluster["name"],
        arn=cluster["arn"],
        status=cluster["status"],
        version=cluster.get("version", ""),
        authentication_mode=cluster.get("accessConfig", {}).get("authenticationMode", AuthenticationMode.CONFIG_MAP),
        vpc_id=network.get("vpcId", ""),
        subnet_ids=tuple(network.get("subnetIds", ())),
        security_group_ids=tuple(network.get("securityGroupIds", ())),
        cluster_security_group_id=network.get("clusterSecurityGroupId"),
        endpoint_private=network.get("endpointPrivateAccess", False),
        endpoint=cluster.get("endpoint"),  # none yet while the cluster is made
        certificate_authority=cluster.get("certificateAuthority", {}).get("data"),
    )


@reads("eks:DescribeNodegroup")
def node_role_of(answer: Mapping[str, Any]) -> str:
    """Read DescribeNodegroup: the ARN of the role of its nodes."""
    return str(answer["nodegroup"]["nodeRole"])


@reads("eks:DescribeAccessEntry")
def access_groups_of(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """Read DescribeAccessEntry: the Kubernetes groups that the principal is in."""
    return tuple(answer["accessEntry"].get("kubernetesGroups", ()))


@reads("eks:ListAssociatedAccessPolicies")
def access_policy_of(row: Mapping[str, Any]) -> AccessPolicy:
    """Read one row of ListAssociatedAccessPolicies."""
    scope = row.get("accessScope", {})
    namespaced = scope.get("type") == "namespace"
    return AccessPolicy(row["policyArn"], tuple(scope.get("namespaces", ())) if namespaced else ())


def _is_role(arn: str, account: str, name: str) -> bool:
    found = _ROLE.match(arn)
    return found is not None and (found["account"], found["role"]) == (account, name)


@reads("eks:DescribeClusterVersions")
def version_of(row: Mapping[str, Any]) -> tuple[str, str]:
    """Read one row of DescribeClusterVersions: the version and its support."""
    status = row.get("versionStatus") or row["status"]  # the second is the older word for the same
    return row["clusterVersion"], status.upper().replace("-", "_")


@reads("eks:ListPodIdentityAssociations")
def pod_identity_of(row: Mapping[str, Any]) -> PodIdentity:
    """Read one row of ListPodIdentityAssociations."""
    return PodIdentity(row["namespace"], row["serviceAccount"])


@reads("eks:DescribeAddonVersions")
def addon_versions_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Read one row of DescribeAddonVersions."""
    return tuple(version["addonVersion"] for version in row["addonVersions"])


@reads("eks:DescribeAddon")
def addon_of(answer: Mapping[str, Any]) -> Addon:
    """Read EKS DescribeAddon."""
    addon = answer["addon"]
    issues = addon.get("health", {}).get("issues", ())
    return Addon(
        name=addon["addonName"],
        version=addon.get("addonVersion", ""),
        status=addon["status"],
        issues=tuple(f"{issue.get('code', 'issue')}: {issue.get('message', '')}".rstrip(": ") for issue in issues),
    )
