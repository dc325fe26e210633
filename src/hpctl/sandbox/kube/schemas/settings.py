"""Whether what configures others will do: Service, ConfigMap, Secret and RBAC (kubernetes/pkg/apis/*/validation)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hpctl.sandbox.kube.resources import Object
from hpctl.sandbox.kube.schemas import names
from hpctl.sandbox.kube.schemas.causes import duplicate, forbidden, invalid, required, too_long, unsupported
from hpctl.sandbox.kube.schemas.metadata import label_faults, unchanged
from hpctl.sandbox.kube.status import Cause

Part = Mapping[str, Any]
_MOST_BYTES: Final = 1024 * 1024
_FIXED: Final = "field is immutable when `immutable` is set"
_SERVICES: Final = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_PORTS: Final = range(1, 65536)
_SECRET_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}
_RBAC: Final = "rbac.authorization.k8s.io"
_SUBJECTS: Final = ("ServiceAccount", "User", "Group")


def service_faults(service: Object, old: Object | None) -> Iterator[Cause]:
    """Yield what is wrong with a Service."""
    spec = service.get("spec") or {}
    kind = spec.get("type", "ClusterIP")
    if kind not in _SERVICES:
        yield unsupported("spec.type", kind, _SERVICES)
    if not spec.get("ports") and kind != "ExternalName" and spec.get("clusterIP") != "None":
        yield required("spec.ports")
    outside = spec.get("externalName", "")
    if kind == "ExternalName" and (fault := names.subdomain(outside.removesuffix("."))):
        yield invalid("spec.externalName", outside, fault)
    yield from _service_port_faults(spec.get("ports", ()))
    for key, value in (spec.get("selector") or {}).items():
        yield from label_faults("spec.selector", key, value)
    if (affinity := spec.get("sessionAffinity")) not in {"ClientIP", "None"}:
        yield unsupported("spec.sessionAffinity", affinity, ("ClientIP", "None"))
    before = ((old or {}).get("spec") or {}).get("clusterIP")
    if before and "ExternalName" not in {kind, (old or {})["spec"].get("type")} and spec.get("clusterIP") != before:
        yield invalid("spec.clusterIPs[0]", [spec.get("clusterIP")], "may not change once set")


def _service_port_faults(ports: Any) -> Iterator[Cause]:
    seen: set[Any] = set()
    for index, port in enumerate(ports):
        path, name, number = f"spec.ports[{index}]", port.get("name", ""), port.get("port")
        if not name and len(ports) > 1:
            yield required(f"{path}.name")
        elif name and (fault := names.label(name)):
            yield invalid(f"{path}.name", name, fault)
        if name and name in seen:
            yield duplicate(f"{path}.name", name)
        if number is not None and number not in _PORTS:
            yield invalid(f"{path}.port", number, "must be between 1 and 65535, inclusive")
        if port["protocol"] not in _PROTOCOLS:
            yield unsupported(f"{path}.protocol", port["protocol"], _PROTOCOLS)
        seen.add(name)


def config_faults(body: Object, old: Object | None) -> Iterator[Cause]:
    """Yield what is wrong with a ConfigMap or Secret."""
    data, binary = body.get("data") or {}, body.get("binaryData") or {}
    for field, values in (("data", data), ("binaryData", binary)):
        for key in values:
            if fault := names.config_key(key):
                yield invalid(f"{field}[{key}]", key, fault)
    for key in data.keys() & binary.keys():
        yield invalid(f"data[{key}]", key, "duplicate of key present in binaryData")
    yield from _size_faults(body["kind"], data, binary)
    if body["kind"] == "Secret":
        yield from (required(f"data[{key}]") for key in _SECRET_KEYS.get(body["type"], ()) if key not in data)
    yield from _config_change_faults(body, old or {})


def _size_faults(kind: str, data: Part, binary: Part) -> Iterator[Cause]:
    # Base64 is a third longer than what it stands for.
    share = 3 / 4 if kind == "Secret" else 1
    size = sum(len(value.encode()) for value in data.values()) * share
    if size + sum(len(value) for value in binary.values()) * 3 / 4 > _MOST_BYTES:
        yield too_long("data" if kind == "Secret" else "", _MOST_BYTES)


def _config_change_faults(body: Object, old: Object) -> Iterator[Cause]:
    if old and body["kind"] == "Secret":
        yield from unchanged("type", body["type"], old["type"])
    if not old.get("immutable"):
        return
    if not body.get("immutable"):
        yield forbidden("immutable", _FIXED)
    for field in ("data", "binaryData"):
        if (body.get(field) or {}) != (old.get(field) or {}):
            yield forbidden(field, _FIXED)


def role_faults(role: Object) -> Iterator[Cause]:
    """Yield what is wrong with a Role or ClusterRole."""
    for index, rule in enumerate(role.get("rules") or ()):
        path = f"rules[{index}]"
        if not rule.get("verbs"):
            yield required(f"{path}.verbs", "verbs must contain at least one value")
        if paths := rule.get("nonResourceURLs"):
            if role["kind"] == "Role":
                told = "namespaced rules cannot apply to non-resource URLs"
                yield invalid(f"{path}.nonResourceURLs", paths, told)
            if rule.get("apiGroups") or rule.get("resources") or rule.get("resourceNames"):
                told = "rules cannot apply to both regular resources and non-resource URLs"
                yield invalid(f"{path}.nonResourceURLs", paths, told)
            continue
        if not rule.get("apiGroups"):
            yield required(f"{path}.apiGroups", "resource rules must supply at least one api group")
        if not rule.get("resources"):
            yield required(f"{path}.resources", "resource rules must supply at least one resource")


def binding_faults(binding: Object, old: Object | None) -> Iterator[Cause]:
    """Yield what is wrong with a RoleBinding or ClusterRoleBinding."""
    role = binding.get("roleRef") or {}
    if role.get("apiGroup", _RBAC) != _RBAC:
        yield unsupported("roleRef.apiGroup", role["apiGroup"], (_RBAC,))
    kinds = ("ClusterRole",) if binding["kind"] == "ClusterRoleBinding" else ("Role", "ClusterRole")
    if role.get("kind") not in kinds:
        yield unsupported("roleRef.kind", role.get("kind", ""), kinds)
    for index, subject in enumerate(binding.get("subjects") or ()):
        yield from _subject_faults(subject, f"subjects[{index}]")
    if old is not None and role != old["roleRef"]:
        yield invalid("roleRef", role, "cannot change roleRef")


def _subject_faults(subject: Part, path: str) -> Iterator[Cause]:
    kind, group = subject.get("kind", ""), subject.get("apiGroup", "")
    if kind not in _SUBJECTS:
        yield unsupported(f"{path}.kind", kind, _SUBJECTS)
        return
    wanted = "" if kind == "ServiceAccount" else _RBAC
    if group != wanted:
        yield unsupported(f"{path}.apiGroup", group, (wanted,))
    if kind == "ServiceAccount" and not subject.get("namespace"):
        yield required(f"{path}.namespace")
