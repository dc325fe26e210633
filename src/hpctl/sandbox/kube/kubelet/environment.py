"""The environment of a container, as the kubelet makes it (pkg/kubelet/kubelet_pods.go, `makeEnvironmentVariables`)."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.controllers.quantities import amount
from hpctl.sandbox.kube.kubelet.expansion import expanded

if TYPE_CHECKING:
    from hpctl.sandbox.kube.resources import Object

_KEYED: Final = re.compile(r"metadata\.(?P<which>labels|annotations)\['(?P<key>[^']+)'\]")
_PLACES: Final = {
    "metadata.name": ("metadata", "name"),
    "metadata.namespace": ("metadata", "namespace"),
    "metadata.uid": ("metadata", "uid"),
    "spec.nodeName": ("spec", "nodeName"),
    "spec.serviceAccountName": ("spec", "serviceAccountName"),
    "status.hostIP": ("status", "hostIP"),
    "status.podIP": ("status", "podIP"),
}
_LISTS: Final = {"status.hostIPs": "hostIPs", "status.podIPs": "podIPs"}
# What the default image configuration of container runtimes sets.
PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class ConfigError(Exception):
    """What a container refers to is not there (`CreateContainerConfigError`)."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a container's environment is made from: `config` finds a ConfigMap or Secret by kind and name, or None."""

    pod: Object
    config: Callable[[str, str], Object | None]
    services: tuple[Object, ...] = ()
    allocatable: Mapping[str, str] | None = None


def variables(around: Surroundings, container: Object) -> dict[str, str]:
    """Return a container's variables, those of Services last and only where the container has none; ConfigError."""
    linked = around.pod["spec"].get("enableServiceLinks", True)
    services = service_variables(around.pod["metadata"]["namespace"], around.services, linked=linked)
    found: dict[str, str] = {}
    for each in container.get("envFrom") or ():
        found |= _whole_config(around, each)
    for each in container.get("env") or ():
        if "valueFrom" in each:
            value = _referred(around, container, each["valueFrom"])
            if value is not None:
                found[each["name"]] = value
        else:
            found[each["name"]] = expanded(each.get("value") or "", {**services, **found})
    return {**services, **found}


def service_variables(namespace: str, services: Iterable[Object], *, linked: bool) -> dict[str, str]:
    """Return the variables that tell of Services: `kubernetes` always, those of the pod's namespace where wanted."""
    found: dict[str, str] = {}
    for each in services:
        metadata, spec = each["metadata"], each["spec"]
        address, ports = spec.get("clusterIP"), spec.get("ports") or ()
        master = (metadata["namespace"], metadata["name"]) == ("default", "kubernetes")
        if not address or address == "None" or not ports:
            continue
        if master or (linked and metadata["namespace"] == namespace):
            found |= _of_service(metadata["name"].upper().replace("-", "_"), address, ports)
    return found


def field(pod: Object, container: Object, path: str) -> str:
    """Return the value of a `fieldRef`; raises ConfigError."""
    if place := _PLACES.get(path):
        return str(pod[place[0]].get(place[1]) or "") if place[0] in pod else ""
    if keyed := _KEYED.fullmatch(path):
        return str((pod["metadata"].get(keyed["which"]) or {}).get(keyed["key"], ""))
    if path in ("metadata.labels", "metadata.annotations"):
        values = pod["metadata"].get(path.partition(".")[2]) or {}
        quoted = (f'{name}="{_escaped(value)}"' for name, value in sorted(values.items()))
        return "\n".join(quoted)
    if listed := _LISTS.get(path):
        return ",".join(each["ip"] for each in pod.get("status", {}).get(listed) or ())
    raise ConfigError(f"unsupported fieldPath: {path} of container {container.get('name')}")


def resource(around: Surroundings, container: Object, selector: Object) -> str:
    """Return the value of a `resourceFieldRef`: of the node where the container sets no limit; ConfigError."""
    named = selector.get("containerName")
    spec = around.pod["spec"]
    everyone = (*(spec.get("initContainers") or ()), *spec["containers"])
    container = next((each for each in everyone if each["name"] == named), container)
    kind, _, name = selector["resource"].partition(".")
    resources = container.get("resources") or {}
    value = (resources.get(kind) or {}).get(name)
    if value is None and kind == "limits":
        value = (around.allocatable or {}).get(name)
    try:
        units = amount(value or "0") / (amount(selector.get("divisor") or "1") or 1)
        return str(int(units.to_integral_value(ROUND_CEILING)))
    except ValueError as error:
        raise ConfigError(f"invalid quantity in {selector['resource']}") from error


def data_of(config: Object) -> dict[str, bytes]:
    """Return the values of a ConfigMap or Secret."""
    if config.get("kind") == "Secret":
        return {name: base64.b64decode(value) for name, value in (config.get("data") or {}).items()}
    plain = {name: value.encode() for name, value in (config.get("data") or {}).items()}
    binary = {name: base64.b64decode(value) for name, value in (config.get("binaryData") or {}).items()}
    return plain | binary


def _whole_config(around: Surroundings, source: Object) -> dict[str, str]:
    kind, reference = ("ConfigMap", source.get("configMapRef")) if "configMapRef" in source else (
        "Secret", source.get("secretRef"))  # fmt: skip
    reference = reference or {}
    config = around.config(kind, reference.get("name", ""))
    if config is None:
        if reference.get("optional"):
            return {}
        raise ConfigError(f'{kind.lower()} "{reference.get("name")}" not found')
    prefix = source.get("prefix") or ""
    return {f"{prefix}{name}": value.decode(errors="replace") for name, value in data_of(config).items()}


def _referred(around: Surroundings, container: Object, source: Object) -> str | None:
    if "fieldRef" in source:
        return field(around.pod, container, source["fieldRef"]["fieldPath"])
    if "resourceFieldRef" in source:
        return resource(around, container, source["resourceFieldRef"])
    kind = "ConfigMap" if "configMapKeyRef" in source else "Secret"
    reference = source.get("configMapKeyRef") or source.get("secretKeyRef") or {}
    config = around.config(kind, reference.get("name", ""))
    value = None if config is None else data_of(config).get(reference["key"])
    if value is not None:
        return value.decode(errors="replace")
    if reference.get("optional"):
        return None
    if config is None:
        raise ConfigError(f'{kind.lower()} "{reference.get("name")}" not found')
    where = f"{around.pod['metadata']['namespace']}/{reference['name']}"
    raise ConfigError(f"couldn't find key {reference['key']} in {kind} {where}")


def _of_service(name: str, address: str, ports: Sequence[Object]) -> dict[str, str]:
    first = ports[0]
    found = {f"{name}_SERVICE_HOST": address, f"{name}_SERVICE_PORT": str(first["port"])}
    for each in ports:
        if each.get("name"):
            found[f"{name}_SERVICE_PORT_{each['name'].upper().replace('-', '_')}"] = str(each["port"])
    protocol = (first.get("protocol") or "TCP").lower()
    found[f"{name}_PORT"] = f"{protocol}://{address}:{first['port']}"
    for each in ports:
        protocol = each.get("protocol") or "TCP"
        base = f"{name}_PORT_{each['port']}_{protocol}"
        found |= {
            base: f"{protocol.lower()}://{address}:{each['port']}",
            f"{base}_PROTO": protocol.lower(),
            f"{base}_PORT": str(each["port"]),
            f"{base}_ADDR": address,
        }
    return found


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
