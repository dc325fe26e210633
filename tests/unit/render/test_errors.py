from __future__ import annotations

import json

import pytest

from hpctl.errors import (
    AccessError,
    ClusterFailedError,
    ConflictError,
    HpctlError,
    NotFoundError,
    Problem,
    RefusedError,
    SpecError,
    UsageError,
)
from hpctl.render.data import check_query
from hpctl.render.errors import show_error
from hpctl.render.output import Output
from hpctl.report.base import SCHEMA_VERSION
from tests.unit.render.fakes import err, in_a_pipe, on_a_tty, out

PROBLEMS = (
    Problem("cluster.yaml", 9, 3, "name", "a name has at most 63 characters"),
    Problem("cluster.yaml", 4, 11, "instance_groups[0].type", "`ml.p5.48` is no instance type", "ml.p5.48xlarge"),
    Problem("cluster.yaml", 4, 2, "", "not a mapping"),
)


def text_of(error: HpctlError) -> str:
    terminal = in_a_pipe()
    show_error(error, Output.TABLE, terminal)
    assert out(terminal) == ""
    return err(terminal)


def test_an_error_is_its_message_and_below_it_what_to_do() -> None:
    error = NotFoundError("cluster `ml` does not exist in `us-west-2`", hint="hpctl cluster list")
    assert text_of(error) == "error: cluster `ml` does not exist in `us-west-2`\n\nhint: hpctl cluster list\n"


def test_an_error_without_a_hint_is_one_line() -> None:
    assert text_of(ConflictError("busy")) == "error: busy\n"


def test_the_cause_stands_between_the_error_and_the_hint() -> None:
    error = ClusterFailedError("the cluster failed", cause="a rule is missing", hint="add it")
    assert text_of(error) == "error: the cluster failed\ncause: a rule is missing\n\nhint: add it\n"


def test_further_lines_of_a_hint_stand_under_the_first() -> None:
    assert text_of(ConflictError("busy", hint="one\ntwo")) == "error: busy\n\nhint: one\n      two\n"


def test_every_problem_of_a_spec_is_shown_in_file_order_with_its_place() -> None:
    assert text_of(SpecError("`cluster.yaml` is no valid spec", PROBLEMS)) == (
        "error: `cluster.yaml` is no valid spec\n"
        "\n"
        "cluster.yaml:4:2: not a mapping\n"
        "cluster.yaml:4:11: instance_groups[0].type: `ml.p5.48` is no instance type "
        "(did you mean `ml.p5.48xlarge`?)\n"
        "cluster.yaml:9:3: name: a name has at most 63 characters\n"
    )
    assert text_of(SpecError("bad")) == "error: bad\n"


def test_the_iam_action_and_the_aws_code_are_named_once() -> None:
    action = "sagemaker:CreateCluster"
    assert text_of(AccessError("not allowed", action=action)) == f"error: not allowed (needs `{action}`)\n"
    assert text_of(AccessError(f"no `{action}`", action=action)) == f"error: no `{action}`\n"
    assert text_of(RefusedError("no", aws_code="ValidationException")) == "error: no (ValidationException)\n"
    assert text_of(RefusedError("Throttled: no", aws_code="Throttled")) == "error: Throttled: no\n"


def test_the_word_error_is_red_where_stderr_takes_colour() -> None:
    terminal = on_a_tty()
    show_error(ConflictError("busy"), Output.TABLE, terminal)
    assert err(terminal) == "\x1b[1;31merror:\x1b[0m busy\n"


@pytest.mark.parametrize("output", [Output.JSON, Output.JSONL])
def test_for_machines_an_error_is_one_json_line_on_stderr(output: Output) -> None:
    terminal = on_a_tty()
    show_error(AccessError("no", action="sts:AssumeRole", hint="one\ntwo"), output, terminal)
    assert err(terminal).count("\n") == 1
    assert out(terminal) == ""
    assert json.loads(err(terminal)) == {
        "schema_version": SCHEMA_VERSION,
        "kind": "Error",
        "error": {
            "code": "access_denied",
            "exit_code": 4,
            "message": "no",
            "cause": None,
            "hint": "one\ntwo",
            "action": "sts:AssumeRole",
        },
    }


def test_for_machines_problems_and_aws_codes_are_fields() -> None:
    terminal = in_a_pipe()
    show_error(SpecError("bad", PROBLEMS), Output.JSON, terminal)
    show_error(RefusedError("no", aws_code="ResourceLimitExceeded"), Output.JSON, terminal)
    show_error(ConflictError("busy"), Output.JSON, terminal)
    spec, refused, plain = (json.loads(line)["error"] for line in err(terminal).splitlines())
    assert [problem["line"] for problem in spec["problems"]] == [4, 4, 9]
    assert spec["problems"][1] == {
        "file": "cluster.yaml",
        "line": 4,
        "column": 11,
        "path": "instance_groups[0].type",
        "message": "`ml.p5.48` is no instance type",
        "nearest": "ml.p5.48xlarge",
    }
    assert refused["aws_code"] == "ResourceLimitExceeded"
    assert plain == {"code": "conflict", "exit_code": 6, "message": "busy", "cause": None, "hint": None}


def test_on_a_terminal_sentences_are_wrapped_and_commands_are_not() -> None:
    command = "aws eks update-cluster-config --name training-eks --access-config authenticationMode=API"
    error = ConflictError(
        "the cluster is busy with something that takes a long time to explain on one line of text",
        hint=f"wait until it is done, which takes as long as it takes, or else change the mode, one-way\n{command}",
    )
    terminal = on_a_tty(NO_COLOR="1")
    show_error(error, Output.TABLE, terminal)
    assert err(terminal).splitlines() == [
        "error: the cluster is busy with something that takes a long time to explain on",
        "       one line of text",
        "",
        "hint: wait until it is done, which takes as long as it takes, or else change the",
        "      mode, one-way",
        f"      {command}",
    ]


def test_the_mark_under_a_bad_query_stands_where_the_query_is_bad() -> None:
    with pytest.raises(UsageError) as caught:
        check_query("clusters[  ", Output.JSON)
    query, mark = text_of(caught.value).splitlines()[2:]
    assert query == "hint: clusters[  ".rstrip()
    assert mark.index("^") == len("hint: clusters[  ")
