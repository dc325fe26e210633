"""What the models refused, in words for the person who wrote the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hpctl.catalog.limits import Rule, Violation
from hpctl.catalog.nearest import nearest
from hpctl.errors import Problem
from hpctl.spec.arrange import is_null
from hpctl.spec.model import SpecModel
from hpctl.spec.nodes import Node, ScalarNode, SequenceNode
from hpctl.spec.notation import Notation, key_of, model_at, written_path
from hpctl.spec.positions import Place, SpecPath, joined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from hpctl.spec.arrange import Arrangement

_SHOWN = 80
"""Characters of a wrong value that a message repeats."""
_FEW = 8
"""So many choices are listed; of more, only the nearest is named."""

_EXAMPLES = {
    "RoleArn": "the ARN of an IAM role, such as `arn:aws:iam::111122223333:role/NAME`",
    "EksClusterArn": "the ARN of an EKS cluster, such as `arn:aws:eks:us-east-1:111122223333:cluster/NAME`",
    "S3Uri": "an S3 URI, such as `s3://BUCKET/PREFIX`",
    "SubnetId": "a subnet's id, such as `subnet-0123456789abcdef0`",
    "SecurityGroupId": "a security group's id, such as `sg-0123456789abcdef0`",
    "ImageId": "an AMI's id, such as `ami-0123456789abcdef0`, or `default`",
    "ImageReleaseVersion": "a release, such as `1.2.3`",
    "ClusterKubernetesLabelKey": "a Kubernetes label's key, such as `example.com/team`",
    "ClusterKubernetesLabelValue": "a Kubernetes label's value: letters and digits, `-`, `_` and `.` between them",
    "ClusterDnsName": "a file system's DNS name, such as `fs-0123456789abcdef0.fsx.us-east-1.amazonaws.com`",
    "ClusterInstanceGroupName": "made of letters, digits and hyphens between them",
}
_EXAMPLES["ClusterName"] = _EXAMPLES["ClusterInstanceGroupName"]

_MEANT = {"worker": "Compute", "workers": "Compute", "head": "Controller", "master": "Controller"}
"""Words of AWS's own documentation and of other schedulers for `ClusterSlurmNodeType`."""

_WORDS_OF_BOOLEANS = {"yes": "true", "on": "true", "1": "true", "no": "false", "off": "false", "0": "false"}

_Spelling = tuple[type[SpecModel], Notation]
"""The model of the whole, and how its file spells it."""

_TYPES = {
    "int_type": "a whole number",
    "bool_type": "`true` or `false`",
    "string_type": "a text",
    "tuple_type": "a list",
    "mapping_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
}


def problems_of(error: ValidationError, arrangement: Arrangement) -> Iterator[Problem]:
    """Say each of the models' errors at its place in the file."""
    for detail in error.errors(include_url=False):
        if not arrangement.meant.intersection(_absent(detail)):
            yield _problem(detail, arrangement)


def _absent(detail: ErrorDetails) -> set[SpecPath]:
    """Name the fields whose absence is the error."""
    match detail:
        case {"type": "missing" | "shape_rule", "loc": path}:
            return {path}
        case {"type": "exactly_one", "loc": path, "ctx": {"fields": fields, "given": ()}}:
            return {(*path, field) for field in fields}
        case _:
            return set()


def place_of(path: SpecPath, arrangement: Arrangement) -> Place:
    """Find where `path` stands, or where it should have stood."""
    nodes, spelling = arrangement.nodes, (arrangement.root, arrangement.notation)
    around = path
    while around not in nodes and around:
        around = around[:-1]
    place = nodes[around].place
    if around == path:
        return place
    spelled, prefix = _written(path, spelling), _written(around, spelling)
    missing = spelled[len(prefix) :].lstrip(".")
    return Place(place.line, place.column, joined(place.path, missing) if missing else place.path)


def _written(path: SpecPath, spelling: _Spelling) -> str:
    return written_path(spelling[0], path, spelling[1])


def _problem(detail: ErrorDetails, arrangement: Arrangement) -> Problem:
    path = detail["loc"]
    place = place_of(path, arrangement)
    node = arrangement.nodes.get(path)
    message, close = _words(detail, path, node, (arrangement.root, arrangement.notation))
    return Problem(arrangement.file, place.line, place.column, place.path, message, close)


def _words(detail: ErrorDetails, path: SpecPath, node: Node | None, spelling: _Spelling) -> tuple[str, str | None]:  # noqa: C901, PLR0911 - one a variant
    kind, context = detail["type"], detail.get("ctx", {})
    match kind:
        case "missing":
            return f"`{_written(path, spelling).rpartition('.')[2]}` is missing", None
        case "exactly_one":
            return _exactly_one(context["fields"], context["given"], path, spelling), None
        case "shape_rule":
            return _shape_rule(context["template"], path[:-1], spelling), None
        case "limit":
            return _limit(context["violation"], context["shape"], node)
        case "enum" | "literal_error":
            return _choice(re.findall(r"'([^']*)'", context["expected"]), node)
        case "job":
            return str(context["text"]), context.get("nearest")
        case "string_pattern_mismatch":
            return f"{_shown(node)} does not match `{context['pattern']}`", None
        case _ if kind in _TYPES:
            return _type(_TYPES[kind], kind, node)
        case _:
            return f"{_shown(node)} is not valid: {detail['msg'][:1].lower()}{detail['msg'][1:]}", None


def _exactly_one(fields: tuple[str, ...], given: tuple[str, ...], path: SpecPath, spelling: _Spelling) -> str:
    model_path = path[:-1] if given else path
    names = _spelled(fields, model_path, spelling)
    if len(names) == 1:
        return f"`{names[0]}` is missing"
    listed = f"{', '.join(f'`{name}`' for name in names[:-1])} and `{names[-1]}`"
    if not given:
        return f"exactly one of {listed} is needed, and none is given"
    return f"exactly one of {listed} is needed, and {len(given)} are given"


def _shape_rule(template: str, model_path: SpecPath, spelling: _Spelling) -> str:
    model = model_at(spelling[0], model_path)
    fields = model.model_fields if model else ()
    return template.format_map({field: _spelled((field,), model_path, spelling)[0] for field in fields})


def _spelled(fields: tuple[str, ...], model_path: SpecPath, spelling: _Spelling) -> list[str]:
    model = model_at(spelling[0], model_path)
    if model is None:
        return list(fields)
    return [key for field in fields if (key := key_of(model, field, spelling[1]))]


def _limit(violation: Violation, shape_name: str, node: Node | None) -> tuple[str, str | None]:
    shown, allowed = _shown(node), violation.allowed
    match violation.rule:
        case Rule.ENUM:
            return _choice(list(allowed), node, shape_name)
        case Rule.PATTERN if shape_name in _EXAMPLES:
            return f"{shown} is not {_EXAMPLES[shape_name]}", None
        case Rule.PATTERN:
            return f"{shown} does not match `{allowed[0]}`", None
        case Rule.MIN | Rule.MAX if isinstance(violation.value, int) and isinstance(node, ScalarNode):
            side = "below the minimum" if violation.rule is Rule.MIN else "above the maximum"
            return f"{shown} is {side} of {allowed[0]}", allowed[0]
        case Rule.MIN | Rule.MAX if isinstance(violation.value, str):
            side = "fewer than" if violation.rule is Rule.MIN else "more than"
            return f"{shown} has {len(violation.value)} characters, {side} {allowed[0]}", None
        case _:
            return violation.message, None


def _choice(allowed: list[str], node: Node | None, shape_name: str = "") -> tuple[str, str | None]:
    text = node.text if isinstance(node, ScalarNode) else ""
    meant = _MEANT.get(text.casefold()) if shape_name == "ClusterSlurmNodeType" else None
    close = meant or next(iter(nearest(text, allowed)), None)
    if len(allowed) > _FEW:
        return f"{_shown(node)} is none of the {len(allowed)} values of `{shape_name}`", close
    if len(allowed) == 1:
        return f"{_shown(node)} is not `{allowed[0]}`, the only choice", allowed[0]
    return f"{_shown(node)} is not one of {', '.join(f'`{one}`' for one in allowed)}", close


def _type(wanted: str, kind: str, node: Node | None) -> tuple[str, str | None]:
    if node is None or is_null(node):
        return f"{wanted} is needed here", None
    close = None
    if isinstance(node, ScalarNode) and node.written is None:
        close = _WORDS_OF_BOOLEANS.get(node.text.casefold()) if kind == "bool_type" else None
        close = f"[{_cut(node.text)}]" if kind == "tuple_type" else close
    return f"{_shown(node)} is not {wanted}", close


def _shown(node: Node | None) -> str:
    """Show what the file says; never what a variable holds, for that may be a secret."""
    match node:
        case ScalarNode(written=str(written)):
            return f"what `{_cut(written)}` stands for"
        case ScalarNode(text=text):
            return f"`{_cut(text)}`"
        case SequenceNode():
            return "a list"
        case None:
            return "the value"
        case _:
            return "a mapping"


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
