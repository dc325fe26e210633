"""Which kinds a cluster serves, and in which version (Kubernetes' discovery: APIGroupList, APIResourceList)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hpctl.adapters.kube.api import Api
from hpctl.errors import HpctlError, NotFoundError
from hpctl.facts.jobs import ObjectKind
from hpctl.facts.records import EksCluster


def served(api: Api, cluster: EksCluster, kinds: Sequence[ObjectKind]) -> dict[ObjectKind, ObjectKind]:
    """Return the kinds that are served among these, each with the version in which it is."""
    resources = _Resources(api, cluster)
    wanted = {kind.group for kind in kinds if kind.group}
    versions = _versions(api, cluster) if wanted else {}
    found = {}
    for kind in kinds:
        if as_served := _served(kind, versions.get(kind.group, ()) if kind.group else ("v1",), resources):
            found[kind] = as_served
    return found


def discovered(api: Api, cluster: EksCluster, api_version: str, kind: str) -> ObjectKind:
    """Return what discovery says of a kind; `NotFoundError` when it has none."""
    group, _, version = api_version.rpartition("/")
    try:
        rows = _Resources(api, cluster).of(group, version)
    except NotFoundError:
        rows = ()
    for row in rows:
        if row.get("kind") == kind and "/" not in str(row["name"]):
            return ObjectKind(group, version, kind, str(row["name"]), bool(row.get("namespaced")))
    raise NotFoundError(
        f"EKS cluster `{cluster.name}` serves no `{kind}` of `{api_version}`",
        hint="kubectl api-resources lists what it serves; is the operator of that kind installed?",
    )


class _Resources:
    """The resources of each version of each group, asked for once."""

    def __init__(self, api: Api, cluster: EksCluster) -> None:
        """Ask for nothing yet."""
        self._api, self._cluster = api, cluster
        self._known: dict[str, tuple[Mapping[str, Any], ...]] = {}

    def of(self, group: str, version: str) -> tuple[Mapping[str, Any], ...]:
        """Return the resources of a version; `NotFoundError` when it is not served."""
        path = f"/apis/{group}/{version}" if group else f"/api/{version}"
        if path not in self._known:
            deed = self._api.deed("get", "apiresources", self._cluster)
            self._known[path] = _read(self._api.read(self._cluster, path, deed).get("resources"), deed.asked.unreadable)
        return self._known[path]


def _served(kind: ObjectKind, versions: Iterable[str], resources: _Resources) -> ObjectKind | None:
    # The version that hpctl writes, if there is a choice.
    for version in sorted(versions, key=lambda one: one != kind.version):
        try:
            rows = resources.of(kind.group, version)
        except NotFoundError:
            continue
        if any((row.get("name"), row.get("kind")) == (kind.plural, kind.kind) for row in rows):
            return replace(kind, version=version)
    return None


def _versions(api: Api, cluster: EksCluster) -> dict[str, tuple[str, ...]]:
    deed = api.deed("get", "apigroups", cluster)
    groups = _read(api.read(cluster, "/apis", deed).get("groups"), deed.asked.unreadable)
    try:
        return {str(group["name"]): tuple(str(version["version"]) for version in group["versions"]) for group in groups}
    except (KeyError, TypeError) as error:
        raise deed.asked.unreadable() from error


def _read(rows: object, unreadable: Any) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        error: HpctlError = unreadable()
        raise error
    return tuple(rows)
