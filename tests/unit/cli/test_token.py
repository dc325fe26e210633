"""The short way to a token reads what kubeconfigs say and nothing else: all other forms go through Typer."""

from __future__ import annotations

import pytest

from hpctl.cli.token import Wanted, wanted


def test_the_form_of_kubeconfigs_is_read() -> None:
    words = ["eks-token", "--cluster-name", "training", "--region", "us-west-2", "--profile", "team"]
    assert wanted(words) == Wanted("training", "us-west-2", "team")
    assert wanted(words[:3]) == Wanted("training")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "cluster list",
        "eks-token",
        "eks-token --help",
        "eks-token --region us-west-2",
        "eks-token --cluster-name",
        "eks-token --cluster-name --region us-west-2",
        "eks-token --cluster-name a --cluster-name b",
        "eks-token --cluster-name a --verbose yes",
        "eks-token --cluster-name=a",
        "--region us-west-2 eks-token --cluster-name a",
    ],
)
def test_any_other_form_is_left_to_typer(line: str) -> None:
    assert wanted(line.split()) is None


def test_an_empty_name_is_left_to_typer() -> None:
    assert wanted(["eks-token", "--cluster-name", ""]) is None
