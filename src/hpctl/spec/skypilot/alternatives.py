"""`any_of` and `ordered`: several ways to be satisfied, of which those that HyperPod has remain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hpctl.spec.job import Choice
from hpctl.spec.nodes import Entry, Node
from hpctl.spec.reading import Reading
from hpctl.spec.skypilot.choices import KEYS, choices
from hpctl.spec.skypilot.images import image
from hpctl.spec.skypilot.infra import PLACE_KEYS, Elsewhere, elsewhere
from hpctl.spec.skypilot.keys import RESOURCES, taken
from hpctl.spec.yaml_values import is_null

_OWN = KEYS | PLACE_KEYS | {"use_spot", "image_id"}
_SPOT = "capacity belongs to the cluster's instance groups; leave it out"


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way: what it says itself, and together with what stands beside the list."""

    own: Mapping[str, Entry]
    whole: Mapping[str, Entry]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What each node shall have, in the order of preference, and the image that all ways agree on."""

    choices: tuple[Choice, ...]
    image: str | None


def wanted(reading: Reading, base: Mapping[str, Entry]) -> Wanted:
    """Read every way that is written; with neither list there is one."""
    lists = [base[key] for key in ("any_of", "ordered") if key in base]
    if not lists:
        if out := _outside(reading, base):
            reading.refuse(out.place, out.why)
        own = choices(reading, base) if KEYS & base.keys() else ()
        return Wanted(own, image(reading, base["image_id"].value) if "image_id" in base else None)
    if len(lists) > 1:
        reading.refuse(lists[1].place, "`any_of` and `ordered` exclude each other; keep one of them")
    here = tuple(_here(reading, base, lists[0]))
    read = [choice for one in here for choice in choices(reading, one.whole)]
    return Wanted(tuple(dict.fromkeys(read)), _image(reading, here))


def _here(reading: Reading, base: Mapping[str, Entry], listed: Entry) -> Iterator[Alternative]:
    """Yield the ways that HyperPod has; others are left out of `any_of`, and refused where their order counts."""
    items = reading.items(listed.value, "a list of alternatives")
    ways = [_alternative(reading, base, item) for item in items]
    out = [_outside(reading, way.whole) for way in ways]
    for way, other in zip(ways, out, strict=True):
        if other is None:
            _judge_keys(reading, way.own)
            yield way
        elif listed.key == "any_of" and None in out:
            reading.note(other.place, f"an alternative is left out: {other.why}")
        else:
            reading.refuse(other.place, other.why)


def _alternative(reading: Reading, base: Mapping[str, Entry], node: Node) -> Alternative:
    own = {entry.key: entry for entry in taken(reading, node, RESOURCES) if not is_null(entry.value)}
    kept = base.keys() - PLACE_KEYS if own.keys() & PLACE_KEYS else base.keys()
    return Alternative(own, {**{key: base[key] for key in base if key in kept}, **own})


def _judge_keys(reading: Reading, own: Mapping[str, Entry]) -> None:
    for entry in own.values():
        if entry.key not in _OWN:
            reading.refuse(entry.place, f"`{entry.key}` holds for all alternatives; write it beside the list of them")


def _outside(reading: Reading, found: Mapping[str, Entry]) -> Elsewhere | None:
    if "use_spot" in found and reading.flag(found["use_spot"].value):
        entry = found["use_spot"]
        return Elsewhere(entry.place, f"the key `{entry.place.path}` is not honoured: {_SPOT}")
    return elsewhere(reading, found)


def _image(reading: Reading, here: tuple[Alternative, ...]) -> str | None:
    images = [(image(reading, one.whole["image_id"].value) if "image_id" in one.whole else None) for one in here]
    for one, name in zip(here, images, strict=True):
        if name != images[0]:
            place = one.own["image_id"].place if "image_id" in one.own else next(iter(one.whole.values())).place
            reading.refuse(place, "the images of the alternatives differ, and a job has one")
            break
    return next(iter(images), None)
