"""Patches that know nothing of kinds: JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7386)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import jsonpatch
import jsonpointer

from hpctl.sandbox.kube.resources import Object
from hpctl.sandbox.kube.status import StatusError, bad_request

# The API server takes no more (apiserver, pkg/endpoints/handlers/patch.go).
_MOST_OPERATIONS = 10000
_REFUSED = "the server rejected our request due to an error in our request"


def json_patched(current: Object, patch: Sequence[Any]) -> Object:
    """Return an object after a list of operations; raises StatusError, 422 also when a `test` fails."""
    if len(patch) > _MOST_OPERATIONS:
        message = f"The allowed maximum operations in a JSON patch is {_MOST_OPERATIONS}, got {len(patch)}"
        raise StatusError(413, "RequestEntityTooLarge", message)
    try:
        result = jsonpatch.JsonPatch(list(patch)).apply(deepcopy(current))
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError) as error:
        raise StatusError(422, "Invalid", _REFUSED) from error
    return _object(result)


def merge_patched(current: Object, patch: Mapping[str, Any]) -> Object:
    """Return an object after a merge patch: null removes, objects merge, all else replaces."""
    return _object(_merged(current, patch))


def _merged(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return deepcopy(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return result


def _object(value: Any) -> Object:
    if not isinstance(value, dict):
        raise bad_request("the patch does not leave an object")
    return value
