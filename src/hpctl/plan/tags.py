"""The tags by which a cluster tells what hpctl knows of it: the record is in the account."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from hpctl.spec.cluster import ClusterSpec

RUN_ID_TAG: Final = "hpctl:run-id"
"""Marks which run made a cluster: CreateCluster has no client token, a lost response is recognised by this."""

DIGEST_TAG: Final = "hpctl:spec-digest"
"""Marks what a cluster was asked to be, so that the same create again is no conflict."""

PROTECTION_TAG: Final = "hpctl:protection"
"""`true` on a cluster that must not be deleted before this is lifted."""


def protection_of(spec: ClusterSpec) -> dict[str, str]:
    """Return the tag that `protection` asks for; a request in AWS's own notation can only say it as a tag."""
    wished = spec.protection or is_protected(spec.tags)
    return {PROTECTION_TAG: "true"} if wished else {}


def is_protected(tags: Mapping[str, str]) -> bool:
    """Whether the tags of a cluster forbid to delete it."""
    return tags.get(PROTECTION_TAG) == "true"


def digest_of(request: Mapping[str, Any]) -> str:
    """Return 16 hex digits that are equal for equal requests, whatever the order of their members and tags."""
    tags = sorted(request.get("Tags", ()), key=lambda tag: str(tag["Key"]))
    return hashlib.sha256(json.dumps({**request, "Tags": tags}, sort_keys=True).encode()).hexdigest()[:16]


def tagged(request: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    """Return `request` with `tags` after those it has, and in place of any of the same key."""
    kept = [tag for tag in request.get("Tags", ()) if tag["Key"] not in tags]
    added = pairs(tags)
    return {**request, "Tags": [*kept, *added]}


def pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as AWS's requests have them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def texts(tags: list[dict[str, str]]) -> dict[str, str]:
    """Return the tags of a request as a mapping."""
    return {tag["Key"]: tag["Value"] for tag in tags}
