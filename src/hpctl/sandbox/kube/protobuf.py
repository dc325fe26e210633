"""Objects in Kubernetes' protocol buffers, as kubectl's typed commands send them; they are never answered in it.

Sources: k8s.io/apimachinery/pkg/runtime/serializer/protobuf (the envelope), and `protobuf.json`, which
`tools/extract_kubernetes_protobuf.py` makes (the fields' numbers).
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final

from hpctl.sandbox.kube.status import bad_request

MEDIA_TYPE: Final = "application/vnd.kubernetes.protobuf"

_MAGIC: Final = b"k8s\x00"
_API: Final = "k8s.io.api"
_MACHINERY: Final = "k8s.io.apimachinery.pkg"
_META: Final = f"{_MACHINERY}.apis.meta.v1"
_OF_ANY_GROUP: Final = {"DeleteOptions": f"{_META}.DeleteOptions"}
_WIRES: Final = {1: 8, 5: 4}
_CONTINUES: Final = 0x80
# Go writes what is not set as 0 or false, where JSON leaves it out. These have no pointer, so that is what it means.
_UNSET_WHEN_ZERO: Final = frozenset(
    {
        "hostIPC",
        "hostNetwork",
        "hostPID",
        "minReadySeconds",
        "paused",
        "stdin",
        "stdinOnce",
        "tty",
        "failureThreshold",
        "generation",
        "hostPort",
        "initialDelaySeconds",
        "nodePort",
        "periodSeconds",
        "successThreshold",
        "timeoutSeconds",
    }
)
Fields = Mapping[str, tuple[str, str]]


def decoded(body: bytes) -> dict[str, Any]:
    """Return the object in an envelope; raises StatusError (400)."""
    if not body.startswith(_MAGIC):
        raise bad_request("provided data does not appear to be a protobuf message")
    try:
        envelope = dict(_parts(body[len(_MAGIC) :]))
        named = dict(_parts(envelope.get(1, b"")))
        api_version, kind = named.get(1, b"").decode(), named.get(2, b"").decode()
        found = _message(_name(api_version, kind), envelope.get(2, b""))
    except (LookupError, TypeError, ValueError, OverflowError, OSError, struct.error) as error:
        raise bad_request(f"unable to decode the protobuf message: {error!r}") from error
    return {"apiVersion": api_version, "kind": kind, **found}


def _name(api_version: str, kind: str) -> str:
    group, _, version = api_version.rpartition("/")
    return _OF_ANY_GROUP.get(kind) or f"{_API}.{group.partition('.')[0] or 'core'}.{version}.{kind}"


@cache
def _messages() -> Mapping[str, Fields]:
    text = files(__package__).joinpath("protobuf.json").read_text(encoding="utf-8")
    found: Mapping[str, Fields] = json.loads(text)["messages"]
    return found


def _message(name: str, data: bytes) -> dict[str, Any]:
    fields, found = _messages()[name], dict[str, Any]()
    for number, raw in _parts(data):
        if str(number) not in fields:
            continue
        field, told = fields[str(number)]
        if told.startswith("^"):
            found |= _message(told[1:], raw)
        elif told.startswith("{}"):
            entry = dict(_parts(raw))
            found.setdefault(field, {})[entry.get(1, b"").decode()] = _value(told[2:], entry.get(2, b""))
        elif told.startswith("[]"):
            found.setdefault(field, []).append(_value(told[2:], raw))
        elif not _is_unset(field, value := _value(told, raw)):
            found[field] = value
    return found


def _is_unset(field: str, value: Any) -> bool:
    return value is None or value == "" or (value == 0 and field in _UNSET_WHEN_ZERO)


def _value(told: str, raw: Any) -> Any:
    if told in _SPECIAL:
        return _SPECIAL[told](raw)
    return _message(told, raw)


def _parts(data: bytes) -> Iterator[tuple[int, Any]]:
    """Yield the fields of a message by their numbers: integers, or bytes."""
    position = 0
    while position < len(data):
        tag, position = _integer(data, position)
        number, wire = divmod(tag, 8)
        if wire == 0:
            value, position = _integer(data, position)
            yield number, value
            continue
        length, position = (_WIRES[wire], position) if wire in _WIRES else _integer(data, position)
        if wire not in {1, 2, 5} or position + length > len(data):
            raise ValueError(f"field {number} is cut off")
        yield number, data[position : position + length]
        position += length


def _integer(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & ~_CONTINUES) << shift
        shift += 7
        if not byte & _CONTINUES:
            return value, position


def _signed(raw: int) -> int:
    return raw - (1 << 64) if raw >> 63 else raw


def _time(raw: bytes) -> str | None:
    parts = dict(_parts(raw))
    if not parts:
        return None
    moment = datetime.fromtimestamp(_signed(parts.get(1, 0)), UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _micro_time(raw: bytes) -> str | None:
    parts = dict(_parts(raw))
    if not parts:
        return None
    moment = datetime.fromtimestamp(_signed(parts.get(1, 0)), UTC).replace(microsecond=parts.get(2, 0) // 1000)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _int_or_string(raw: bytes) -> int | str:
    parts = dict(_parts(raw))
    return str(parts.get(3, b"").decode()) if parts.get(1) else _signed(parts.get(2, 0))


def _json(raw: bytes) -> Any:
    inner = dict(_parts(raw)).get(1, b"")
    return json.loads(inner) if inner else None


_SPECIAL: Final[Mapping[str, Callable[[Any], Any]]] = {
    "b": bool,
    "d": lambda raw: struct.unpack("<d", raw)[0],
    "i": _signed,
    "s": lambda raw: raw.decode(),
    "y": lambda raw: base64.b64encode(raw).decode(),
    f"{_MACHINERY}.api.resource.Quantity": lambda raw: dict(_parts(raw)).get(1, b"").decode(),
    f"{_MACHINERY}.runtime.RawExtension": _json,
    f"{_MACHINERY}.util.intstr.IntOrString": _int_or_string,
    f"{_META}.FieldsV1": _json,
    f"{_META}.MicroTime": _micro_time,
    f"{_META}.Time": _time,
}
