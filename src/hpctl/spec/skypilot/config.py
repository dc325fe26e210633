"""`config`: what a task changes in the user's configuration, of which Kubernetes' part counts here."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hpctl.catalog.manifest_fields import POD_TEMPLATE
from hpctl.spec.kubernetes_names import is_qualified, is_subdomain
from hpctl.spec.manifest_shape import shape_problems
from hpctl.spec.nodes import Entry, MappingNode, Node, ScalarNode
from hpctl.spec.reading import Reading, named, shown
from hpctl.spec.skypilot.keys import CONFIG, KUBERNETES, KUEUE, METADATA, QUOTA, taken
from hpctl.spec.skypilot.resources import labels, texts
from hpctl.spec.yaml_values import is_null, plain, scalar

_IDENTITIES: Final = frozenset({"LOCAL_CREDENTIALS", "SERVICE_ACCOUNT", "NO_UPLOAD"})
"""Words of SkyPilot that are not the name of a service account."""


@dataclass(frozen=True, slots=True)
class Config:
    """What `config` says about a job."""

    pod_config: str | None = None
    queue: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    service_account: str | None = None
    limits: float | None = None


def config(reading: Reading, node: Node) -> Config:
    """Read `config`."""
    for entry in taken(reading, node, CONFIG):
        return _kubernetes(reading, named(taken(reading, entry.value, KUBERNETES)))
    return Config()


def _kubernetes(reading: Reading, found: Mapping[str, Entry]) -> Config:
    metadata = named(taken(reading, found["custom_metadata"].value, METADATA)) if "custom_metadata" in found else {}
    return Config(
        pod_config=_pod_config(reading, found["pod_config"].value) if "pod_config" in found else None,
        queue=_queue(reading, found),
        labels=labels(reading, metadata["labels"].value) if "labels" in metadata else {},
        annotations=_annotations(reading, metadata["annotations"].value) if "annotations" in metadata else {},
        service_account=_identity(reading, found["remote_identity"].value) if "remote_identity" in found else None,
        limits=_limits(reading, found),
    )


def _pod_config(reading: Reading, node: Node) -> str | None:
    if is_null(node):
        return None
    if not isinstance(node, MappingNode):
        reading.refuse(node.place, f"{shown(node)} is not a part of a pod: `metadata` and `spec`")
        return None
    reading.found["pod_config",] = node.place
    kept = MappingNode(node.place, tuple(one for one in node.entries if one.key not in {"apiVersion", "kind"}))
    reading.problems += shape_problems(reading.file, kept, POD_TEMPLATE)
    return json.dumps(plain(kept))


def _queue(reading: Reading, found: Mapping[str, Entry]) -> str | None:
    queues = [
        entry
        for key, known in (("kueue", KUEUE), ("quota", QUOTA))
        if key in found
        for entry in taken(reading, found[key].value, known)
    ]
    read = {reading.text(entry.value): entry for entry in queues if not is_null(entry.value)}
    for name, entry in read.items():
        reading.found["queue",] = entry.value.place
        if not is_subdomain(name or ""):
            reading.refuse(entry.value.place, f"{shown(entry.value)} is not the name of a queue")
    if len(read) > 1:
        reading.refuse(queues[1].place, "`kueue.local_queue_name` and `quota.queue` name two queues; keep one of them")
    return next(iter(read), None)


def _annotations(reading: Reading, node: Node) -> dict[str, str]:
    for entry in reading.entries(node):
        if not is_qualified(entry.key):
            reading.refuse(entry.place, f"`{entry.key}` cannot be the key of an annotation")
    return texts(reading, node)


def _identity(reading: Reading, node: Node) -> str | None:
    name = reading.text(node)
    if name is None:
        return None
    if name in _IDENTITIES:
        reading.note(node.place, f"`remote_identity: {name}` has no effect here: pods get no credentials of yours")
        return None
    if not is_subdomain(name):
        reading.refuse(node.place, f"{shown(node)} is not the name of a service account")
    return name


def _limits(reading: Reading, found: Mapping[str, Entry]) -> float | None:
    if "set_pod_resource_limits" not in found:
        return None
    node = found["set_pod_resource_limits"].value
    value = scalar(node.text) if isinstance(node, ScalarNode) else node
    match value:
        case None | False:
            return None
        case True:
            return 1.0
        case int() | float() if math.isfinite(value) and value >= 1:
            return float(value)
        case _:
            reading.refuse(node.place, f"{shown(node)} is not `true`, `false` or a number of at least 1")
            return None
