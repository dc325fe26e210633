"""What is told of a file that a wizard wrote: few checks by name, many by area."""

from __future__ import annotations

from hpctl.render.layout import lines
from hpctl.render.page import Aside
from hpctl.render.screen import Screen
from hpctl.render.written import written
from tests.unit.render.samples import WRITTEN


def _note(*unverified: str) -> str:
    pieces = list(written(WRITTEN.model_copy(update={"unverified": unverified})))
    return " ".join(lines([one for one in pieces if isinstance(one, Aside)], Screen(None, colour=False)))


def test_a_few_checks_that_could_not_look_are_named() -> None:
    assert _note("eks-version", "network-dns").endswith("AWS could not be asked: eks-version, network-dns")


def test_many_are_counted_by_area_so_that_the_next_command_stays_on_the_screen() -> None:
    many = (*(f"eks-{n}" for n in range(4)), "network-free-ips", "network-dns")
    assert _note(*many).endswith("AWS could not be asked: 6 checks (eks 4, network 2)")
