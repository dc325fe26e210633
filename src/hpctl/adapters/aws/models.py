"""botocore's service models, cut down to what hpctl calls and kept in the user's cache.

Reading the whole sagemaker and ec2 models costs more than the call itself; ADR 0007 has the figures. The parts
are cut from the botocore that is installed, at first use, so they can never be older than it. Whatever is wrong
with the cache, botocore's own files are used instead.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import botocore
from botocore.loaders import Loader
from botocore.session import Session

from hpctl import __version__
from hpctl.adapters.aws import modelcache

OPERATIONS: Final[Mapping[str, frozenset[str]]] = {
    "ec2": frozenset(
        {
            "AuthorizeSecurityGroupEgress",
            "AuthorizeSecurityGroupIngress",
            "DescribeDhcpOptions",
            "DescribeInstanceTypeOfferings",
            "DescribeNatGateways",
            "DescribeNetworkAcls",
            "DescribeNetworkInterfaces",
            "DescribeRegions",
            "DescribeRouteTables",
            "DescribeSecurityGroups",
            "DescribeSubnets",
            "DescribeTags",
            "DescribeVpcAttribute",
            "DescribeVpcEndpoints",
            "DescribeVpcs",
            "ModifyVpcAttribute",
            "ModifyVpcEndpoint",
        }
    ),
    "eks": frozenset(
        {
            "AssociateAccessPolicy",
            "CreateAccessEntry",
            "DescribeAccessEntry",
            "DescribeAddon",
            "DescribeAddonVersions",
            "DescribeCluster",
            "DescribeClusterVersions",
            "DescribeNodegroup",
            "ListAccessEntries",
            "ListAddons",
            "ListAssociatedAccessPolicies",
            "ListClusters",
            "ListNodegroups",
            "ListPodIdentityAssociations",
            "UpdateClusterConfig",
        }
    ),
    "fsx": frozenset({"DescribeFileSystems"}),
    "logs": frozenset({"DescribeLogGroups", "DescribeLogStreams", "GetLogEvents"}),
    "iam": frozenset(
        {"GetRole", "GetRolePolicy", "ListRoleTags", "ListRoles", "PutRolePolicy", "SimulatePrincipalPolicy"}
    ),
    "kms": frozenset({"DescribeKey", "GetKeyPolicy"}),
    "s3": frozenset(
        {
            "GetBucketLocation",
            "GetObject",
            "HeadBucket",  # botocore finds a bucket's Region by it
            "HeadObject",
            "ListBuckets",
            "ListObjectsV2",
            "PutObject",
        }
    ),
    "sagemaker": frozenset(
        {
            "AddTags",
            "BatchRebootClusterNodes",
            "BatchReplaceClusterNodes",
            "CreateCluster",
            "DeleteCluster",
            "DeleteTags",
            "DescribeCluster",
            "DescribeClusterEvent",
            "DescribeClusterNode",
            "DescribeClusterOperation",
            "DescribeTrainingPlan",
            "ListClusterEvents",
            "ListClusterNodes",
            "ListClusterOperations",
            "ListClusters",
            "ListTags",
            "UpdateCluster",
            "UpdateClusterSoftware",
        }
    ),
    "service-quotas": frozenset(
        {
            "GetAWSDefaultServiceQuota",
            "GetServiceQuota",
            "ListAWSDefaultServiceQuotas",
            "ListRequestedServiceQuotaChangeHistory",
            "ListServiceQuotas",
        }
    ),
    "ssm": frozenset({"ResumeSession", "StartSession", "TerminateSession"}),
    "sts": frozenset({"AssumeRole", "AssumeRoleWithWebIdentity", "GetCallerIdentity"}),  # two are for credentials
}
"""Every operation that hpctl calls, and those that botocore calls for it: a client knows no others."""

_ENDPOINTS: Final = "endpoints"
_HOSTS: Final = frozenset(
    {
        *("api.sagemaker", "ec2", "eks", "fsx", "iam", "kms", "logs", "s3", "servicequotas", "ssm", "sts"),
        *("oidc", "portal.sso", "signin"),
    }
)
"""Endpoint prefixes of the services above and of those that give credentials."""

_KINDS: Final = ("service-2", "endpoint-rule-set-1", "paginators-1")


def prefer(session: Session) -> None:
    """Let `session` load the cut models, unless the user has models of their own or no place for a cache."""
    own = session.get_config_variable("data_path") or Path(Loader.CUSTOMER_DATA_PATH).is_dir()
    folder = cache_folder()
    if not own and folder.is_absolute():  # without a home directory, `~` stays as it is
        session.register_component("data_loader", TrimmedLoader(folder))


def cache_folder() -> Path:
    """Return where what this hpctl cuts from this botocore is kept."""
    import platformdirs

    kept = [sorted(_HOSTS), *((name, sorted(operations)) for name, operations in sorted(OPERATIONS.items()))]
    digest = hashlib.sha256(json.dumps(kept).encode()).hexdigest()[:12]
    return platformdirs.user_cache_path("hpctl") / "models" / f"botocore-{botocore.__version__}-{__version__}-{digest}"


class TrimmedLoader(Loader):
    """Loads the cut models, and everything else as botocore does."""

    def __init__(self, folder: Path) -> None:
        """Keep the cut models in `folder`."""
        super().__init__()
        self._folder = folder
        self._parts: dict[str, dict[str, Any]] = {}

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        """Return one part of a service's model."""
        if service_name in OPERATIONS and type_name in _KINDS:
            return self._part(service_name)[type_name]
        return super().load_service_model(service_name, type_name, api_version)

    def load_data_with_path(self, name: str) -> tuple[Any, str]:
        """Return data that belongs to no single service, and where botocore has it."""
        if name == _ENDPOINTS:
            return self._part(name), str(Path(self.BUILTIN_DATA_PATH) / name)
        return super().load_data_with_path(name)

    def _part(self, name: str) -> dict[str, Any]:
        if name not in self._parts:
            file = self._folder / f"{name}.json"
            part = modelcache.read(file)
            if part is None:
                part = self._cut_endpoints() if name == _ENDPOINTS else self._cut_service(name)
                modelcache.write(file, part)
            self._parts[name] = part
        return self._parts[name]

    def _cut_service(self, name: str) -> dict[str, Any]:
        whole = {kind: super(TrimmedLoader, self).load_service_model(name, kind) for kind in _KINDS}
        wanted = OPERATIONS[name]
        model, pagination = whole["service-2"], whole["paginators-1"]["pagination"]
        operations = {key: value for key, value in model["operations"].items() if key in wanted}
        shapes = model["shapes"]
        return {
            **whole,
            "service-2": {
                **model,
                "operations": operations,
                "shapes": {key: shapes[key] for key in _reachable(operations.values(), shapes)},
            },
            "paginators-1": {"pagination": {key: value for key, value in pagination.items() if key in wanted}},
        }

    def _cut_endpoints(self) -> dict[str, Any]:
        whole, _ = super().load_data_with_path(_ENDPOINTS)
        partitions = [
            {**partition, "services": {key: value for key, value in partition["services"].items() if key in _HOSTS}}
            for partition in whole["partitions"]
        ]
        return {**whole, "partitions": partitions}


def _reachable(operations: Iterable[Any], shapes: Mapping[str, Any]) -> list[str]:
    """Name every shape that the operations use, however deep."""
    found: dict[str, None] = {}
    waiting = [name for operation in operations for name in _names(operation)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = None
            waiting.extend(_names(shapes[name]))
    return list(found)


def _names(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        if isinstance(part.get("shape"), str):  # a member may be called `shape` too: then it is a mapping
            yield part["shape"]
        for child in part.values():
            yield from _names(child)
    elif isinstance(part, list):
        for child in part:
            yield from _names(child)
