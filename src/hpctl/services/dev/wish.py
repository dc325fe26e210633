"""What a command line says of a development pod, filled in by the cluster, and compared with what is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Final

from hpctl.compile.dev import claim_name
from hpctl.compile.fleet import Machine, pools_of
from hpctl.errors import AccessError, ConflictError, NotFoundError, UsageError
from hpctl.facts.dev import DevRecord, DevWish
from hpctl.facts.jobs import STORAGE_CLASS
from hpctl.facts.ports import Ports
from hpctl.services.job.where import Where

DEFAULT_GIB: Final = 100
_DEFAULT_CLASS: Final = "storageclass.kubernetes.io/is-default-class"
_FLAGS: Final = {
    "accelerators": "--accelerators",
    "instance_type": "--instance-type",
    "image": "--image",
    "cpus": "--cpus",
    "memory_gib": "--memory",
    "idle_stop_s": "--idle-stop",
    "queue": "--queue",
    "priority": "--priority",
    "claim": "--claim",
    "claim_gib": "--storage",
    "storage_class": "--storage-class",
}
_OF_STORAGE: Final = ("claim", "claim_gib", "storage_class")


@dataclass(frozen=True, slots=True)
class Said:
    """What the command line says: a wish in which None says nothing; `ephemeral` wants no claim at all."""

    wish: DevWish
    ephemeral: bool = False


def new_wish(said: Said, at: Where, ports: Ports) -> DevWish:
    """Return the wish for a pod that is not there yet, with a claim where there is one to be had.

    Raises `UsageError` for flags that exclude each other, and for idle stops that would lose files unasked.
    """
    wish = replace(said.wish, accelerators=named(said.wish.accelerators, at, ports))
    _demand_one_storage(said)
    if said.ephemeral:
        return wish
    if wish.claim:
        return replace(wish, claim_folder=f"hpctl-dev/{wish.name}")
    if wish.claim_gib or wish.storage_class or _has_default_class(at, ports):
        return replace(wish, claim=claim_name(wish.name), claim_gib=wish.claim_gib or DEFAULT_GIB)
    if wish.idle_stop_s:
        raise UsageError(
            "stopping an idle pod would lose its files: the cluster has no default storage class to keep them in",
            hint="--claim NAME (such as that of FSx for Lustre), --storage-class NAME\nor --ephemeral, to lose them",
        )
    return wish


def changed_wish(known: DevRecord, said: Said, at: Where, ports: Ports) -> DevWish:
    """Return the wish of a known pod as the command line changes it.

    Raises `ConflictError` for another place of its files: those are where they are.
    """
    given = {name: value for name, value in asdict(said.wish).items() if value not in (None, "") and name != "name"}
    if "accelerators" in given:
        given["accelerators"] = named(said.wish.accelerators, at, ports)
    wish: DevWish = replace(known.wish, **given)
    moved = [name for name in _OF_STORAGE if getattr(wish, name) != getattr(known.wish, name)]
    if moved or (said.ephemeral and known.wish.claim):
        where = f"in claim `{known.wish.claim}`" if known.wish.claim else "in the pod itself"
        raise ConflictError(
            f"the working directory of development pod `{wish.name}` is {where}, and stays there",
            hint=f"leave {_listed(moved) or '`--ephemeral`'} out, or choose another name",
        )
    return wish


def demand_same(known: DevRecord, wish: DevWish, at: Where) -> None:
    """Raise `ConflictError` when a pod that runs is to become another one."""
    told = tuple(_differences(known.wish, wish))
    if told:
        raise ConflictError(
            f"development pod `{wish.name}` runs with other wishes: {'; '.join(told)}",
            hint=f"to start it anew with these: hpctl dev stop {wish.name} {at.flags}\nand the same command again",
        )


def demand_own(known: DevRecord, user: str, at: Where) -> None:
    """Raise `ConflictError` when somebody else has a pod of that name."""
    if known.user != user:
        raise ConflictError(
            f"development pod `{known.wish.name}` in namespace `{at.namespace}` is `{known.user}`'s",
            hint=f"choose another name: hpctl dev up NAME {at.flags}",
        )


def named(accelerators: str | None, at: Where, ports: Ports) -> str | None:
    """Return what is asked for with its kind: a bare number is of the only kind that the cluster has.

    Raises `UsageError` where it has none, or several.
    """
    if accelerators is None or not accelerators.strip().isdecimal():
        return accelerators
    machines = tuple(Machine(node, {}) for node in ports.kubernetes.nodes(at.eks))
    kinds = sorted({pool.accelerator_name for pool in pools_of(machines) if pool.accelerator_name})
    if len(kinds) == 1:
        return f"{kinds[0]}:{int(accelerators)}"
    has = f"several kinds of accelerators: {', '.join(kinds)}" if kinds else "no accelerators"
    hint = f"--accelerators {kinds[0]}:{int(accelerators)}" if kinds else f"hpctl gpus --cluster {at.cluster}"
    raise UsageError(f"cluster `{at.cluster}` has {has}", hint=hint)


def _differences(old: DevWish, new: DevWish) -> Iterator[str]:
    for name, flag in _FLAGS.items():
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield f"`{flag}` is `{'not set' if before is None else before}`, not `{after}`"


def _demand_one_storage(said: Said) -> None:
    wish = said.wish
    own = wish.claim_gib is not None or wish.storage_class is not None
    chosen = [
        flag for flag, there in (("--claim", wish.claim), ("--storage", own), ("--ephemeral", said.ephemeral)) if there
    ]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(f'`{one}`' for one in chosen)} exclude each other", hint="give one of them")


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{_FLAGS[name]}`" for name in names)


def _has_default_class(at: Where, ports: Ports) -> bool:
    try:
        rows = tuple(ports.jobs.objects(at.eks, STORAGE_CLASS, None))
    except (NotFoundError, AccessError):
        return False
    return any((row["metadata"].get("annotations") or {}).get(_DEFAULT_CLASS) == "true" for row in rows)
