"""The claims that a pod mounts, before it is given a node.

The sandbox has no provisioner: a claim is a folder as it stands, and needs no volume. But one that is not there, or is
of a storage class that the cluster does not serve, would never have a volume, and its pods wait as they do at AWS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from hpctl.sandbox.kube.resources import Object


def unclaimed(pod: Object, claims: Mapping[str, Object], classes: Container[str]) -> str | None:
    """Return why no node can have the pod (kubernetes 1.33, volumebinding plug-in); `claims` are its namespace's."""
    for name in _names(pod):
        claim = claims.get(name)
        if claim is None:
            return f'persistentvolumeclaim "{name}" not found'
        spec = claim["spec"]
        wanted = spec.get("storageClassName")
        if wanted and wanted not in classes and not spec.get("volumeName"):
            return "pod has unbound immediate PersistentVolumeClaims"
    return None


def _names(pod: Object) -> Iterator[str]:
    for volume in pod["spec"].get("volumes") or ():
        if source := volume.get("persistentVolumeClaim"):
            yield str(source["claimName"])
