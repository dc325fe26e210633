"""Which cluster a command means when none is named; each case has a Region of its own."""

from __future__ import annotations

from hpctl.errors import ExitCode
from tests.functional.cli.account import Account
from tests.functional.cli.command import Hpctl


def test_the_only_one_is_taken_and_said(hpctl: Hpctl, account: Account) -> None:
    account.create("alone", "eu-west-1")
    account.settle("alone", "eu-west-1")
    told = hpctl("node", "list", "--region", "eu-west-1", "-o", "json")
    assert told.json()["cluster"] == "alone"
    assert told.err == "cluster: alone (the only one in eu-west-1)\n"


def test_several_are_listed_and_none_is_taken(hpctl: Hpctl, account: Account) -> None:
    for name in ("left", "right"):
        account.create(name, "eu-central-1")
    told = hpctl("node", "list", "--region", "eu-central-1", ends=ExitCode.USAGE)
    assert told.err.startswith("error: there are 2 clusters in `eu-central-1`, say which\n")
    assert "--cluster left" in told.err
    assert "--cluster right" in told.err
    chosen = hpctl.with_env(HPCTL_CLUSTER="left")("node", "list", "--region", "eu-central-1", "-o", "json")
    assert (chosen.json()["cluster"], chosen.err) == ("left", "")


def test_none_at_all_is_not_found(hpctl: Hpctl) -> None:
    told = hpctl("node", "list", "--region", "ap-northeast-1", ends=ExitCode.NOT_FOUND)
    assert told.err.startswith("error: there is no cluster in `ap-northeast-1`\n")
