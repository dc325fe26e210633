"""Whether a container of a pod will do (kubernetes/pkg/apis/core/validation)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from hpctl.sandbox.kube.schemas import names
from hpctl.sandbox.kube.schemas.causes import duplicate, invalid, not_found, required, unsupported
from hpctl.sandbox.kube.schemas.quantities import amount
from hpctl.sandbox.kube.status import Cause

Part = Mapping[str, Any]
_PULLS: Final = ("Always", "IfNotPresent", "Never")
_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_MESSAGES: Final = ("FallbackToLogsOnError", "File")
_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
_ACTIONS: Final = ("exec", "grpc", "httpGet", "tcpSocket")
_VALUES: Final = ("configMapKeyRef", "fieldRef", "fileKeyRef", "resourceFieldRef", "secretKeyRef")
_PORTS: Final = range(1, 65536)
_PORT_TOLD: Final = "must be between 1 and 65535, inclusive"
_NATIVE: Final = ("cpu", "memory", "ephemeral-storage")
_HUGE: Final = "hugepages-"


def container_faults(container: Part, path: str, volumes: Collection[str]) -> Iterator[Cause]:
    """Yield what is wrong with a container of a pod that has these volumes."""
    if (name := container.get("name")) and (fault := names.label(name)):
        yield invalid(f"{path}.name", name, fault)
    if not container.get("image"):
        yield required(f"{path}.image")
    for field, known in (("imagePullPolicy", _PULLS), ("terminationMessagePolicy", _MESSAGES)):
        if (value := container.get(field)) not in known:
            yield unsupported(f"{path}.{field}", value, known)
    yield from _port_faults(container.get("ports", ()), f"{path}.ports")
    yield from _env_faults(container.get("env", ()), f"{path}.env")
    yield from resource_faults(container.get("resources", {}), f"{path}.resources")
    yield from _mount_faults(container.get("volumeMounts", ()), f"{path}.volumeMounts", volumes)
    for probe in _PROBES:
        if probe in container and not any(action in container[probe] for action in _ACTIONS):
            yield required(f"{path}.{probe}", "must specify a handler type")


def _port_faults(ports: Any, path: str) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, port in enumerate(ports):
        here, name = f"{path}[{index}]", port.get("name")
        if name and (fault := names.port_name(name)):
            yield invalid(f"{here}.name", name, fault)
        if name and name in seen:
            yield duplicate(f"{here}.name", name)
        seen.add(name)
        yield from _number_faults(port, here)
        if port["protocol"] not in _PROTOCOLS:
            yield unsupported(f"{here}.protocol", port["protocol"], _PROTOCOLS)


def _number_faults(port: Part, path: str) -> Iterator[Cause]:
    number, on_host = port.get("containerPort"), port.get("hostPort", 0)
    if number == 0:
        yield required(f"{path}.containerPort")
    elif number is not None and number not in _PORTS:
        yield invalid(f"{path}.containerPort", number, _PORT_TOLD)
    if on_host and on_host not in _PORTS:
        yield invalid(f"{path}.hostPort", on_host, _PORT_TOLD)


def _env_faults(env: Any, path: str) -> Iterator[Cause]:
    for index, variable in enumerate(env):
        here = f"{path}[{index}]"
        if (name := variable.get("name")) and (fault := names.environment(name)):
            yield invalid(f"{here}.name", name, fault)
        if (source := variable.get("valueFrom")) is None:
            continue
        if not any(kind in source for kind in _VALUES):
            told = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
            yield invalid(f"{here}.valueFrom", "", told)
        if variable.get("value"):
            yield invalid(f"{here}.valueFrom", "", "may not be specified when `value` is not empty")
        if len(source) > 1:
            yield invalid(f"{here}.valueFrom", "", "may not have more than one field specified at a time")


def resource_faults(resources: Part, path: str) -> Iterator[Cause]:
    """Yield what is wrong with what a container asks for: no request over its limit, and of devices both are equal."""
    limits, requests = resources.get("limits", {}), resources.get("requests", {})
    for field, amounts in (("limits", limits), ("requests", requests)):
        for name, text in amounts.items():
            yield from _amount_faults(name, text, f"{path}.{field}[{name}]", f"{path}.{field}.{name}")
    for name, text in requests.items():
        yield from _request_faults(name, text, limits.get(name), path)


def _request_faults(name: str, text: str, limit: str | None, path: str) -> Iterator[Cause]:
    is_exact = _is_extended(name) or name.startswith(_HUGE)
    if limit is None:
        if is_exact:
            yield required(f"{path}.limits", "Limit must be set for non overcommitable resources")
    elif is_exact and amount(text) != amount(limit):
        yield invalid(f"{path}.requests", text, f"must be equal to {name} limit of {limit}")
    elif amount(text) > amount(limit):
        yield invalid(f"{path}.requests", text, f"must be less than or equal to {name} limit of {limit}")


def _amount_faults(name: str, text: str, at: str, named: str) -> Iterator[Cause]:
    if fault := names.qualified(name):
        yield invalid(named, name, fault)
    elif "/" not in name and name not in _NATIVE and not name.startswith((_HUGE, "attachable-volumes-")):
        yield invalid(at, name, "must be a standard resource type or fully qualified")
        yield invalid(at, name, "must be a standard resource for containers")
    if amount(text) < 0:
        yield invalid(named, text, "must be greater than or equal to 0")
    elif _is_extended(name) and amount(text).denominator != 1:
        yield invalid(named, text, "must be an integer")


def _is_extended(name: str) -> bool:
    return "/" in name and not name.partition("/")[0].endswith("kubernetes.io")


def _mount_faults(mounts: Any, path: str, volumes: Collection[str]) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, mount in enumerate(mounts):
        here, name, place = f"{path}[{index}]", mount.get("name", ""), mount.get("mountPath", "")
        if name and name not in volumes:
            yield not_found(f"{here}.name", name)
        if place in seen:
            yield invalid(f"{here}.mountPath", place, "must be unique")
        seen.add(place)
        if (inner := mount.get("subPath", "")).startswith("/"):
            yield invalid(f"{here}.subPath", inner, "must be a relative path")
