"""Where a task wants to run: `infra`, or `cloud`, `region` and `zone` of before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hpctl.spec.nodes import Entry
from hpctl.spec.positions import Place
from hpctl.spec.reading import Reading, cut

PLACE_KEYS: Final = frozenset({"infra", "cloud", "region", "zone"})

_KUBERNETES: Final = frozenset({"k8s", "kubernetes"})
_ANY: Final = frozenset({"", "*"})


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A place that is not this cluster: at which key, and why."""

    place: Place
    why: str


def elsewhere(reading: Reading, found: Mapping[str, Entry]) -> Elsewhere | None:
    """Return what keeps the task from running on a HyperPod cluster; what is not looked at gets a notice."""
    if "infra" in found:
        old = next((found[key] for key in ("cloud", "region", "zone") if key in found), None)
        if old:
            reading.refuse(old.place, f"`{old.place.path}` is the older way of saying `infra`; keep one of them")
        text = reading.text(found["infra"].value) or ""
        cloud, _, rest = text.partition("/")
        return _judged(reading, found["infra"], cloud, rest)
    cloud = _text(reading, found, "cloud")
    rest = "/".join(filter(None, (_text(reading, found, "region"), _text(reading, found, "zone"))))
    first = next((found[key] for key in ("cloud", "region", "zone") if key in found), None)
    return _judged(reading, first, cloud, rest) if first else None


def _text(reading: Reading, found: Mapping[str, Entry], key: str) -> str:
    return (reading.text(found[key].value) or "") if key in found else ""


def _judged(reading: Reading, entry: Entry, cloud: str, rest: str) -> Elsewhere | None:
    name = cloud.strip().casefold()
    if name in _KUBERNETES:
        if rest not in _ANY:
            reading.note(entry.place, f"`--cluster` says which cluster; the context `{cut(rest)}` is not looked at")
        return None
    if name == "aws":
        reading.note(entry.place, f"`{entry.place.path}`: the job runs on nodes of the cluster, not on new ones")
        return None
    if name in _ANY:
        if rest not in _ANY:
            reading.note(entry.place, f"`{entry.place.path}`: the job runs where the cluster is, not at `{rest}`")
        return None
    return Elsewhere(entry.place, f"`{entry.place.path}` asks for `{cloud}`, and hpctl runs jobs on HyperPod clusters")
