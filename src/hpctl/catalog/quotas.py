"""Service quotas about HyperPod clusters: how they are named, and the codes that are known.

A quota is found by its name, which says what it is about; codes are known for about half of the
instance types only, and wrong ones circulate.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

__all__ = ["KnownQuota", "Limit", "cluster_spot_usage", "cluster_usage", "limit"]

Limit = Literal[
    "cluster_instances",
    "cluster_spot_instances",
    "total_instances",
    "total_spot_instances",
    "ebs_volume_gb",
    "network_interfaces",
    "restricted_lustre_tib",
]
"""The quotas that are not about one instance type."""


@dataclass(frozen=True)
class KnownQuota:
    """One quota. `names` are its right name and then those by which AWS lists it too; `code` may be unknown."""

    service: str
    names: tuple[str, ...]
    code: str | None

    @property
    def name(self) -> str:
        """The right name."""
        return self.names[0]

    def is_named(self, name: str) -> bool:
        """Whether `name` is one of its names; case, spaces and punctuation do not count."""
        return _plain(name) in map(_plain, self.names)


def cluster_usage(instance_type: str) -> KnownQuota:
    """The quota of on-demand instances of one type, over all clusters."""
    catalog = _catalog()
    wrong = catalog["misnamed"].get(instance_type)
    names = (f"{instance_type} for cluster usage", *((wrong,) if wrong else ()))
    return KnownQuota("sagemaker", names, catalog["cluster_usage"].get(instance_type))


def cluster_spot_usage(instance_type: str) -> KnownQuota:
    """The quota of Spot instances of one type, over all clusters."""
    name = f"{instance_type} for cluster spot instance usage"
    return KnownQuota("sagemaker", (name,), _catalog()["cluster_spot_usage"].get(instance_type))


def limit(name: Limit) -> KnownQuota:
    """The quota of something else than one instance type."""
    service, text, code = _catalog()["limits"][name]
    return KnownQuota(service, (text,), code)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")


@cache
def _catalog() -> dict[str, dict[str, Any]]:
    text = (files("hpctl.catalog") / "quotas.json").read_text(encoding="utf-8")
    catalog: dict[str, dict[str, Any]] = json.loads(text)
    return catalog
