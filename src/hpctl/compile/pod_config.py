"""`pod_config`: what a job's file adds to its pods, and SkyPilot's rules for merging it.

Source: SkyPilot 0.14.1, sky/utils/config_utils.py and its documentation of `kubernetes.pod_config`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hpctl.errors import UsageError

MAIN_CONTAINERS: Final = ("ray-node",)
"""What SkyPilot calls the container of a task: files that name it mean the first one."""
_PATCH_KEYS: Final = {
    "claims": "name",
    "containers": "name",
    "env": "name",
    "ephemeralContainers": "name",
    "hostAliases": "ip",
    "initContainers": "name",
    "ports": "containerPort",
    "resourceClaims": "name",
    "topologySpreadConstraints": "topologyKey",
    "volumeDevices": "devicePath",
    "volumeMounts": "mountPath",
    "volumes": "name",
}
_REPLACED: Final = frozenset({"args", "command", "imagePullSecrets"})
_OWN: Final = ("hostname", "subdomain", "restartPolicy", "setHostnameAsFQDN")
_OWN_OF_MAIN: Final = ("command", "args", "workingDir")


def pod_config_of(text: str | None) -> Mapping[str, Any]:
    """Read a job's `pod_config`: `metadata` and `spec` of a pod.

    Raises:
        UsageError: it is no object, or holds what a job's pods need for themselves.
    """
    told = json.loads(text) if text else {}
    told = {} if told is None else told
    _demand_maps(told, "pod_config", {"apiVersion", "kind", "metadata", "spec"})
    _demand_maps(told.get("metadata"), "pod_config.metadata", {"annotations", "labels"})
    _demand_maps(told.get("spec"), "pod_config.spec", None)
    _demand_containers(told.get("spec") or {})
    return dict(told)


def main_container(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is told of the job's own container: several entries without a name count as one, later ones win."""
    found: dict[str, Any] = {}
    for entry in (told.get("spec") or {}).get("containers") or ():
        if _is_main(entry):
            found = _merged_maps(found, entry, "pod_config.spec.containers[0]")
    return found


def with_pod_config(template: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Merge into a pod template what `pod_config` tells.

    Maps merge key by key and null replaces; lists merge by their patch key, replace (`command`, `args`,
    `imagePullSecrets`) or append; a container without a name is the first one.

    Raises:
        UsageError: a list stands where the pod has a map, or the like; the field is named.
    """
    known = {key: value for key, value in told.items() if key in {"metadata", "spec"}}
    return _merged_maps(template, known, "pod_config")


def merged(base: object, told: object, path: str, key: str = "") -> object:
    """Merge `told` into `base`; `path` is where it stands and `key` its field's name."""
    if told is None or base is None:
        return told
    match base, told:
        case Mapping(), Mapping():
            return _merged_maps(base, told, path)
        case list() | tuple(), list() | tuple():
            return _merged_lists(base, told, path, key)
        case (Mapping() | list() | tuple(), _) | (_, Mapping() | list() | tuple()):
            shapes = f"{_shape(told)} stands where pods have {_shape(base)}"
            raise UsageError(f"`{path}` cannot be merged: {shapes}")
    return told


def _merged_maps(base: Mapping[str, Any], told: Mapping[str, Any], path: str) -> dict[str, Any]:
    result = dict(base)
    for key, value in told.items():
        below = f"{path}.{key}"
        result[key] = merged(base[key], value, below, key) if key in base else value
    return result


def _merged_lists(base: Sequence[Any], told: Sequence[Any], path: str, key: str) -> list[Any]:
    if key in _REPLACED:
        return list(told)
    result = list(base)
    for index, item in enumerate(told):
        place = _place_of(item, result, key)
        if place is None:
            result.append(item)
        else:
            # The first container keeps its own name, whatever an alias calls it.
            kept = {"name": result[place]["name"]} if key == "containers" else {}
            result[place] = {**_merged_maps(result[place], item, f"{path}[{index}]"), **kept}
    return result


def _place_of(item: object, rows: Sequence[object], key: str) -> int | None:
    """Return which row an item is merged into; None appends it."""
    patch_key = _PATCH_KEYS.get(key)
    if patch_key is None or not isinstance(item, Mapping):
        return None
    if key == "containers" and rows and _is_main(item):
        return 0
    told = item.get(patch_key)
    found = (at for at, row in enumerate(rows) if told is not None and _told(row, patch_key) == told)
    return next(found, None)


def _told(row: object, key: str) -> object:
    return row.get(key) if isinstance(row, Mapping) else None


def _is_main(item: Mapping[str, Any]) -> bool:
    return item.get("name") is None or item.get("name") in MAIN_CONTAINERS


def _demand_maps(value: object, path: str, keys: set[str] | None) -> None:
    """Refuse what is no mapping, and keys that would be dropped silently."""
    if value is None:
        return
    if not isinstance(value, Mapping):
        raise UsageError(f"`{path}` is not a mapping", hint="`pod_config` holds `metadata` and `spec` of a pod")
    for key in value:
        if keys is not None and key not in keys:
            known = ", ".join(f"`{one}`" for one in sorted(keys))
            raise UsageError(f"`{path}.{key}` cannot be set", hint=f"what can be set is {known}")


def _demand_containers(spec: Mapping[str, Any]) -> None:
    """Refuse what is no list of containers, and fields that the job's own promises hang on."""
    for field in _OWN:
        if field in spec:
            raise UsageError(f"`pod_config.spec.{field}` cannot be set", hint="the job sets it for its ranks to meet")
    rows = spec.get("containers", [])
    if not isinstance(rows, list):
        raise UsageError("`pod_config.spec.containers` is not a list")
    for index, entry in enumerate(rows):
        path = f"pod_config.spec.containers[{index}]"
        if not isinstance(entry, Mapping):
            raise UsageError(f"`{path}` is not a mapping")
        _demand_container(entry, path)


def _demand_container(entry: Mapping[str, Any], path: str) -> None:
    resources = entry.get("resources")
    _demand_maps(resources, f"{path}.resources", {"limits", "requests", "claims"})
    for side in ("limits", "requests"):
        _demand_maps((resources or {}).get(side), f"{path}.resources.{side}", None)
    for field in _OWN_OF_MAIN:
        if field in entry and _is_main(entry):
            hint = "the first container runs the job's `setup` and `run`"
            raise UsageError(f"`{path}.{field}` cannot be set", hint=hint)


def _shape(value: object) -> str:
    match value:
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list"
    return "a single value"
