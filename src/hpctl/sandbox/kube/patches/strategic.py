"""Strategic merge patches: merge patches that know which lists merge, and by what.

Source: k8s.io/apimachinery, pkg/util/strategicpatch, and the Kubernetes documentation, "Update API Objects in Place
Using kubectl patch" and the API conventions' note on strategic merge patch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from hpctl.sandbox.kube.resources import Object
from hpctl.sandbox.kube.schemas.shape import ANYTHING, Shape
from hpctl.sandbox.kube.status import bad_request

_DIRECTIVE, _RETAIN = "$patch", "$retainKeys"
_DELETE_ITEMS, _ORDER = "$deleteFromPrimitiveList/", "$setElementOrder/"


def strategically_patched(shape: Shape, current: Object, patch: Mapping[str, Any]) -> Object:
    """Return an object after a strategic merge patch; raises StatusError (400) for a directive it does not know."""
    return _merged_map(shape, current, deepcopy(dict(patch)))


def _merged_map(shape: Shape, target: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    match patch.get(_DIRECTIVE):
        case None | "merge":
            pass
        case "replace":
            whole: dict[str, Any] = _plain(patch)
            return whole
        case "delete":
            return {}
        case other:
            raise bad_request(f"unknown patch type found: {other}")
    result = _retained(target, patch)
    _delete_items(result, patch)
    orders = {key.removeprefix(_ORDER): order for key, order in patch.items() if key.startswith(_ORDER)}
    for key, value in patch.items():
        if not key.startswith("$"):
            _set(result, shape.field(key) or ANYTHING, key, value, orders.pop(key, None))
    for key, order in orders.items():
        if isinstance(result.get(key), list):
            result[key] = _ordered(shape.field(key) or ANYTHING, result[key], order, result[key])
    return result


def _retained(target: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    if _RETAIN not in patch:
        return dict(target)
    kept = set(patch[_RETAIN])
    if any(key not in kept for key, value in patch.items() if not key.startswith("$") and value is not None):
        raise bad_request("a key in the patch is not in the retainKeys list")
    return {key: value for key, value in target.items() if key in kept}


def _delete_items(result: dict[str, Any], patch: Mapping[str, Any]) -> None:
    for key, gone in patch.items():
        field = key.removeprefix(_DELETE_ITEMS)
        if field != key and isinstance(result.get(field), list):
            result[field] = [item for item in result[field] if item not in gone]


def _set(result: dict[str, Any], shape: Shape, key: str, value: Any, order: list[Any] | None) -> None:
    old = result.get(key)
    if value is None:
        result.pop(key, None)
    elif isinstance(value, dict):
        replaces = shape.strategies == {"replace"} or not isinstance(old, dict)
        if value.get(_DIRECTIVE) == "delete":
            result.pop(key, None)
        else:
            result[key] = _merged_map(shape, {} if replaces else old or {}, value)
    elif isinstance(value, list) and "merge" in shape.strategies:
        result[key] = _merged_list(shape, old or [], value, order)
    else:
        result[key] = _plain(value)


def _merged_list(shape: Shape, old: list[Any], new: list[Any], order: list[Any] | None) -> list[Any]:
    if any(not isinstance(item, dict) for item in (*old, *new)) or shape.merge_key is None:
        joined = [*old, *(item for item in dict.fromkeys(new) if item not in old)]
        return _ordered(shape, joined, order, old)
    if any(item.get(_DIRECTIVE) == "replace" for item in new):
        return [_plain(item) for item in new if _DIRECTIVE not in item]
    key, result = shape.merge_key, list(old)
    for item in new:
        if key not in item:
            raise bad_request(f"map: {item} does not contain declared merge key: {key}")
        at = next((index for index, known in enumerate(result) if known.get(key) == item[key]), None)
        if item.get(_DIRECTIVE) == "delete":
            result = [known for known in result if known.get(key) != item[key]]
        elif at is None:
            result.append(_merged_map(shape.item, {}, item))
        else:
            result[at] = _merged_map(shape.item, result[at], item)
    return _ordered(shape, result, order, old)


def _ordered(shape: Shape, items: list[Any], order: list[Any] | None, old: list[Any]) -> list[Any]:
    """Return items in the order that the patch wants; others keep their places before those that they stood before."""
    if not order:
        return items
    wanted = [_key(shape, item) for item in order]
    listed = sorted((item for item in items if _key(shape, item) in wanted), key=lambda i: wanted.index(_key(shape, i)))
    others = [item for item in items if _key(shape, item) not in wanted]
    places = {_text(_key(shape, item)): index for index, item in enumerate(old)}
    return list(_by_place(shape, listed, others, places))


def _by_place(shape: Shape, listed: list[Any], others: list[Any], places: Mapping[str, int]) -> Iterable[Any]:
    last = len(places)
    for item in listed:
        while others and places.get(_text(_key(shape, others[0])), last) < places.get(_text(_key(shape, item)), last):
            yield others.pop(0)
        yield item
    yield from others


def _key(shape: Shape, item: Any) -> Any:
    return item.get(shape.merge_key) if isinstance(item, dict) else item


def _text(key: Any) -> str:
    return repr(key)


def _plain(value: Any) -> Any:
    """Return a part of a patch that replaces what there is: without nulls and directives of its own."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items() if part is not None and not key.startswith("$")}
    return [_plain(part) for part in value] if isinstance(value, list) else value
