"""Kubernetes versions and add-on versions of the sandbox's EKS.

Release dates from the EKS version calendar, with 14 months of standard support and 12 of extended support;
of the versions of add-ons there is a choice, newest and default first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_STANDARD_MONTHS, _EXTENDED_MONTHS = 14, 12


@dataclass(frozen=True)
class Version:
    """A Kubernetes version and when EKS released it."""

    name: str
    released: datetime

    def described(self, now: datetime) -> dict[str, Any]:
        """Return the `ClusterVersionInformation` as of a moment."""
        standard = _months_after(self.released, _STANDARD_MONTHS)
        extended = _months_after(standard, _EXTENDED_MONTHS)
        status = "STANDARD_SUPPORT" if now < standard else "EXTENDED_SUPPORT" if now < extended else "UNSUPPORTED"
        return {
            "clusterVersion": self.name,
            "clusterType": "eks",
            "defaultPlatformVersion": "eks.1",
            "defaultVersion": self.name == DEFAULT_VERSION,
            "releaseDate": self.released,
            "endOfStandardSupportDate": standard,
            "endOfExtendedSupportDate": extended,
            "status": status.lower().replace("_", "-"),
            "versionStatus": status,
            "kubernetesPatchVersion": f"{self.name}.1",
        }


# Inside the range that HyperPod supports (AWS documentation: 1.30 to 1.35).
DEFAULT_VERSION = "1.33"
OLD_VERSION = "1.29"
HYPERPOD_VERSIONS = ("1.30", "1.31", "1.32", "1.33", "1.34", "1.35")
VERSIONS = tuple(
    Version(name, datetime(year, month, day, tzinfo=UTC))
    for name, year, month, day in (
        ("1.35", 2026, 1, 27),
        ("1.34", 2025, 10, 2),
        ("1.33", 2025, 5, 29),
        ("1.32", 2025, 1, 23),
        ("1.31", 2024, 9, 26),
        ("1.30", 2024, 5, 23),
        ("1.29", 2024, 1, 23),
        ("1.28", 2023, 9, 26),
    )
)
ADDONS: dict[str, tuple[str, ...]] = {
    "vpc-cni": ("v1.20.4-eksbuild.2", "v1.19.2-eksbuild.1", "v1.18.1-eksbuild.3"),
    "kube-proxy": ("v1.33.5-eksbuild.2", "v1.33.3-eksbuild.4"),
    "coredns": ("v1.12.4-eksbuild.1", "v1.11.4-eksbuild.2"),
    "eks-pod-identity-agent": ("v1.3.9-eksbuild.3", "v1.3.4-eksbuild.1"),
    "aws-ebs-csi-driver": ("v1.50.1-eksbuild.1",),
    "aws-fsx-csi-driver": ("v1.6.0-eksbuild.1",),
    "cert-manager": ("v1.18.2-eksbuild.2",),
    "amazon-sagemaker-hyperpod-taskgovernance": ("v1.2.0-eksbuild.1",),
    "amazon-sagemaker-hyperpod-training-operator": ("v1.2.0-eksbuild.1",),
    "amazon-sagemaker-hyperpod-observability": ("v1.1.0-eksbuild.1",),
}
# Without these a node has no network and no names (EKS user guide: installed with a cluster unless declined).
CORE_ADDONS = ("vpc-cni", "kube-proxy", "coredns")


def described_addons(name: str | None, kubernetes: str | None) -> list[dict[str, Any]]:
    """Return the `AddonInfo` of all add-ons, or of one, for one Kubernetes version or all of them."""
    versions = [version.name for version in VERSIONS if kubernetes in {None, version.name}]
    return [
        {
            "addonName": addon,
            "type": "networking" if addon in CORE_ADDONS else "infra-management",
            "addonVersions": [_compatible(each, versions, each == known[0]) for each in known],
            "publisher": "eks",
            "owner": "aws",
        }
        for addon, known in ADDONS.items()
        if name in {None, addon}
    ]


def _compatible(addon_version: str, versions: list[str], default: Any) -> dict[str, Any]:
    return {
        "addonVersion": addon_version,
        "architecture": ["amd64", "arm64"],
        "computeTypes": ["ec2", "hybrid"],
        "compatibilities": [
            {"clusterVersion": version, "platformVersions": ["*"], "defaultVersion": bool(default)}
            for version in versions
        ],
        "requiresConfiguration": False,
        "requiresIamPermissions": False,
    }


def _months_after(start: datetime, months: int) -> datetime:
    count = start.month - 1 + months
    return start.replace(year=start.year + count // 12, month=count % 12 + 1)
