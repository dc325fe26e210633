"""The next command is about the same spec, in the same account, and named to somebody who sits there."""

from __future__ import annotations

import pytest

from hpctl.cli.invocation import Invocation
from hpctl.cli.typed import about_the_same
from hpctl.cli.wiring import Session
from hpctl.render.output import Output
from tests.unit.render.fakes import err, in_a_pipe, on_a_tty


@pytest.mark.parametrize(
    ("params", "said", "command"),
    [
        ({"file": "cluster.yaml", "skip": None, "allow_unknown": False}, Invocation(), "-f cluster.yaml"),
        (
            {"file": "a b", "values": ["a=1", "b=x y"], "skip": ("eks-version",), "allow_unknown": True},
            Invocation(profile="work", region="us-west-2"),
            "-f 'a b' --set a=1 --set 'b=x y' --skip eks-version --allow-unknown --profile work --region us-west-2",
        ),
        ({"out": "plan.json"}, Invocation(), ""),
    ],
)
def test_every_flag_about_the_spec_is_repeated(params: dict[str, object], said: Invocation, command: str) -> None:
    assert about_the_same("hpctl cluster create", params, said) == f"hpctl cluster create {command}".rstrip()


@pytest.mark.parametrize(
    ("said", "env", "told"),
    [
        (Invocation(), {}, "\nnext: hpctl init\n"),
        (Invocation(output=Output.JSON), {}, ""),
        (Invocation(query="x"), {}, ""),
        (Invocation(), {"CI": "true"}, ""),
    ],
)
def test_only_somebody_who_reads_the_table_at_a_terminal_is_told(
    said: Invocation, env: dict[str, str], told: str
) -> None:
    for terminal, heard in ((on_a_tty(**env), told), (in_a_pipe(**env), "")):
        Session(said, terminal).suggest("hpctl init")
        assert err(terminal) == heard
