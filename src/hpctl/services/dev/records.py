"""What is remembered of development pods, in ConfigMaps of their namespace: every machine sees the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from hpctl.compile.bundle import Manifest
from hpctl.compile.dev import record, record_name
from hpctl.errors import ConflictError, NotFoundError, UsageError
from hpctl.facts.dev import DEV_LABEL, USER_KEY, WISH_KEY, DevRecord, DevWish
from hpctl.facts.job_ports import JobObjects
from hpctl.facts.jobs import CONFIG_MAP
from hpctl.services.job.where import Where
from hpctl.spec.kubernetes_names import JOB_NAME, is_job_name


def demand_name(name: str) -> None:
    """Raise `UsageError` for what no development pod can be called; such names would lead elsewhere in a path."""
    if not is_job_name(name):
        raise UsageError(f"`{name}` is no name of a development pod: {JOB_NAME}", hint="such as `dev`")


def found(name: str, at: Where, jobs: JobObjects) -> DevRecord:
    """Return what is known of a development pod.

    Raises:
        UsageError: nothing can be called so.
        NotFoundError: there is none of that name; the hint says which there are.
    """
    one = looked_up(name, at, jobs)
    if one is None:
        there = sorted(each.wish.name for each in every(at, at.namespace, jobs))
        listed = f"there are {', '.join(f'`{each}`' for each in there)}\n" if there else ""
        raise NotFoundError(
            f"there is no development pod `{name}` in namespace `{at.namespace}` of cluster `{at.cluster}`",
            hint=f"{listed}hpctl dev up {name} {at.flags}",
        )
    return one


def looked_up(name: str, at: Where, jobs: JobObjects) -> DevRecord | None:
    """Return what is known of a development pod, None where there is none; `UsageError` as `found`."""
    demand_name(name)
    try:
        row = jobs.read(at.eks, CONFIG_MAP, at.namespace, record_name(name))
    except NotFoundError:
        return None
    one = _read(row)
    if one is None or one.wish.name != name:
        raise ConflictError(
            f"there is a ConfigMap `{record_name(name)}` in namespace `{at.namespace}` that is no development pod's",
            hint="choose another name",
        )
    return one


def every(at: Where, namespace: str | None, jobs: JobObjects) -> Iterator[DevRecord]:
    """Yield every development pod of a namespace, or (None) of all."""
    for row in jobs.objects(at.eks, CONFIG_MAP, namespace, DEV_LABEL):
        if one := _read(row):
            yield one


def create(wish: DevWish, at: Where, user: str, jobs: JobObjects) -> Manifest:
    """Remember a new development pod and return its record; `ConflictError` when somebody was faster."""
    made = record(wish, at.namespace, user)
    jobs.create(at.eks, made.kind, made.body)
    return made


def change(known: DevRecord, wish: DevWish, at: Where, jobs: JobObjects) -> None:
    """Remember another wish; `ConflictError` when the record is not the one that was read any more."""
    patch = {"metadata": {"uid": known.uid}, "data": {WISH_KEY: wish.text}}
    jobs.merge(at.eks, CONFIG_MAP, at.namespace, record_name(wish.name), patch)


def forget(name: str, at: Where, jobs: JobObjects) -> None:
    """Forget a development pod; nothing happens where it is forgotten already."""
    try:
        jobs.delete(at.eks, CONFIG_MAP, at.namespace, record_name(name))
    except NotFoundError:
        return


def _read(row: Mapping[str, Any]) -> DevRecord | None:
    metadata, data = row["metadata"], row.get("data") or {}
    try:
        wish = DevWish.read(data[WISH_KEY])
    except (KeyError, TypeError, ValueError):  # somebody else's, or nobody can read it
        return None
    created = datetime.fromisoformat(str(metadata["creationTimestamp"])).astimezone(UTC)
    return DevRecord(str(metadata["namespace"]), wish, str(data.get(USER_KEY) or ""), str(metadata["uid"]), created)
