"""What EKS tells beside its clusters: which versions of add-ons go together, and which pods have a role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PodIdentity:
    """A service account whose pods get credentials of a role (EKS ListPodIdentityAssociations)."""

    namespace: str
    service_account: str


class EksParts(Protocol):
    """What EKS tells of the parts of a cluster."""

    def addon_versions(self, kubernetes_version: str, names: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """Return the versions of each add-on that go with a version of Kubernetes, in EKS's order, newest first.

        Add-ons that EKS does not know are absent.
        """
        ...

    def pod_identities(self, name: str) -> tuple[PodIdentity, ...]:
        """Return the Pod Identity associations of an EKS cluster."""
        ...
