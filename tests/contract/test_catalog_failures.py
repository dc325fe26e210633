"""The AWS commands of remedies exist, with the options that are given to them."""

from __future__ import annotations

import re
import shlex

import botocore.session
import pytest
from botocore import xform_name

from hpctl.catalog.failures import known_failures

GLOBAL = {"region", "query", "output"}
CUSTOM = {("logs", "tail"), ("s3", "cp"), ("s3", "rm")}
"""Commands that the AWS CLI adds to the API's."""

SHORTHAND = {"authorize-security-group-ingress": {"protocol", "source-group"}}
"""Options that the AWS CLI adds to the API's."""

SERVICES = {"s3api": "s3"}
SESSION = botocore.session.get_session()


def commands() -> list[str]:
    lines = [line for row in known_failures() for line in row.remedy.splitlines() if line.startswith("aws ")]
    return sorted({line for line in lines if tuple(line.split()[1:3]) not in CUSTOM})


@pytest.mark.parametrize("command", commands())
def test_the_command_is_one_of_the_service_and_takes_the_options(command: str) -> None:
    _, service, operation, *rest = shlex.split(command)
    model = SESSION.get_service_model(SERVICES.get(service, service))
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in operations
    shape = model.operation_model(operations[operation]).input_shape
    assert shape is not None
    members = {xform_name(name, "-"): name for name in shape.members}
    given = {word.removeprefix("--") for word in rest if re.fullmatch(r"--[a-z-]+", word)}
    assert given - GLOBAL - SHORTHAND.get(operation, set()) <= set(members)
    shorthand = SHORTHAND.get(operation, set()) & given
    assert {xform_name(name, "-") for name in shape.required_members} - given == set() or shorthand


def test_the_remedies_have_commands_to_judge() -> None:
    assert len(commands()) > 20
