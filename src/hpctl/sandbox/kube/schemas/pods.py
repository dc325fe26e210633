"""Whether a pod will do, alone and as a template (kubernetes/pkg/apis/core/validation)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hpctl.sandbox.kube.resources import Object
from hpctl.sandbox.kube.schemas import names
from hpctl.sandbox.kube.schemas.causes import duplicate, forbidden, invalid, required, unsupported
from hpctl.sandbox.kube.schemas.containers import container_faults
from hpctl.sandbox.kube.schemas.metadata import label_faults
from hpctl.sandbox.kube.status import Cause

Part = Mapping[str, Any]
_RESTARTS: Final = ("Always", "OnFailure", "Never")
_DNS: Final = ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")
_EFFECTS: Final = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_OPERATORS: Final = ("Equal", "Exists")
_CHANGEABLE: Final = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_GATE_FIELDS: Final = ("nodeSelector", "affinity", "schedulingGates")


def pod_faults(pod: Object, old: Object | None) -> Iterator[Cause]:
    """Yield what is wrong with a pod."""
    yield from pod_spec_faults(pod.get("spec") or {}, "spec")
    if old is not None:
        yield from _change_faults(pod.get("spec") or {}, old.get("spec") or {})


def template_faults(template: Part, path: str, restarts: tuple[str, ...] = _RESTARTS[:1]) -> Iterator[Cause]:
    """Yield what is wrong with a template whose pods are restarted in one of these ways."""
    for key, value in (template.get("metadata", {}).get("labels") or {}).items():
        yield from label_faults(f"{path}.metadata.labels", key, value)
    spec = template.get("spec")
    if spec is None:
        yield required(f"{path}.spec")
        return
    yield from pod_spec_faults(spec, f"{path}.spec")
    policy = spec.get("restartPolicy")
    if policy in _RESTARTS and policy not in restarts:
        yield unsupported(f"{path}.spec.restartPolicy", policy, restarts)


def pod_spec_faults(spec: Part, path: str) -> Iterator[Cause]:
    """Yield what is wrong with the spec of a pod or of a template."""
    volumes = [str(volume.get("name", "")) for volume in spec.get("volumes", ())]
    yield from _volume_faults(spec.get("volumes", ()), f"{path}.volumes")
    if not spec.get("containers"):
        yield required(f"{path}.containers")
    seen: set[str] = set()
    for field in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(field, ())):
            here = f"{path}.{field}[{index}]"
            yield from container_faults(container, here, volumes)
            if (name := container.get("name", "")) in seen:
                yield duplicate(f"{here}.name", name)
            seen.add(name)
    yield from _choice_faults(spec, path)
    yield from _name_faults(spec, path)
    for index, toleration in enumerate(spec.get("tolerations", ())):
        yield from _toleration_faults(toleration, f"{path}.tolerations[{index}]")


def _choice_faults(spec: Part, path: str) -> Iterator[Cause]:
    for field, known in (("restartPolicy", _RESTARTS), ("dnsPolicy", _DNS)):
        if spec.get(field) not in known:
            yield unsupported(f"{path}.{field}", spec.get(field, ""), known)
    if (deadline := spec.get("activeDeadlineSeconds", 1)) < 1:
        yield invalid(f"{path}.activeDeadlineSeconds", deadline, "must be between 1 and 2147483647, inclusive")
    if (grace := spec.get("terminationGracePeriodSeconds", 0)) < 0:
        yield invalid(f"{path}.terminationGracePeriodSeconds", grace, "must be greater than or equal to 0")


def _name_faults(spec: Part, path: str) -> Iterator[Cause]:
    for field, judge in (
        ("hostname", names.label),
        ("nodeName", names.subdomain),
        ("priorityClassName", names.subdomain),
        ("serviceAccountName", names.subdomain),
        ("subdomain", names.label),
    ):
        if (value := spec.get(field)) and (fault := judge(value)):
            yield invalid(f"{path}.{field}", value, fault)
    for key, value in spec.get("nodeSelector", {}).items():
        yield from label_faults(f"{path}.nodeSelector", key, value)


def _volume_faults(volumes: Any, path: str) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, volume in enumerate(volumes):
        here, name = f"{path}[{index}]", volume.get("name", "")
        if name and (fault := names.label(name)):
            yield invalid(f"{here}.name", name, fault)
        if name in seen:
            yield duplicate(f"{here}.name", name)
        seen.add(name)
        sources = sorted(set(volume) - {"name"})
        yield from (forbidden(f"{here}.{one}", "may not specify more than 1 volume type") for one in sources[1:])
        for source, field in (("configMap", "name"), ("secret", "secretName")):
            if source in volume and not volume[source].get(field):
                yield required(f"{here}.{source}.{field}")


def _toleration_faults(toleration: Part, path: str) -> Iterator[Cause]:
    operator, effect, key = (toleration.get(name, "") for name in ("operator", "effect", "key"))
    if key and (fault := names.qualified(key)):
        yield invalid(f"{path}.key", key, fault)
    if operator and operator not in _OPERATORS:
        yield unsupported(f"{path}.operator", operator, _OPERATORS)
    if not key and operator != "Exists":
        told = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        yield invalid(f"{path}.operator", operator, told)
    if operator == "Exists" and toleration.get("value"):
        yield invalid(f"{path}.operator", toleration, "value must be empty when `operator` is 'Exists'")
    if effect and effect not in _EFFECTS:
        yield unsupported(f"{path}.effect", effect, _EFFECTS)
    if "tolerationSeconds" in toleration and effect != "NoExecute":
        yield invalid(f"{path}.effect", effect, "effect must be 'NoExecute' when `tolerationSeconds` is set")


def _change_faults(spec: Part, old: Part) -> Iterator[Cause]:
    for field in ("containers", "initContainers"):
        if len(spec.get(field, ())) != len(old.get(field, ())):
            yield forbidden(f"spec.{field}", "pod updates may not add or remove containers")
            return
    added = [one for one in old.get("tolerations", ()) if one not in spec.get("tolerations", ())]
    if added:
        yield forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds")
    has_moved = old.get("nodeName") and spec.get("nodeName") != old["nodeName"]
    if has_moved or _fixed(spec, old) != _fixed(old, old):
        yield forbidden("spec", _CHANGEABLE)


def _fixed(spec: Part, old: Part) -> Part:
    """Return of a pod's spec what never changes; who schedules it may name its node, and lift its gates."""
    free = {"activeDeadlineSeconds", "nodeName", "terminationGracePeriodSeconds", "tolerations"}
    if old.get("schedulingGates"):
        free |= set(_GATE_FIELDS)
    result = {name: value for name, value in spec.items() if name not in free}
    for field in ("containers", "initContainers"):
        result[field] = [{**container, "image": ""} for container in spec.get(field, ())]
    return result
