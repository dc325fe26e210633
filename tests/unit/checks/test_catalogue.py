"""The catalogue as a whole: ids, needs and pages hold together."""

from __future__ import annotations

import re
from importlib import import_module
from pkgutil import iter_modules

from hpctl import checks
from hpctl.checks.catalogue import CHECKS, CLUSTER_CHECKS
from hpctl.checks.declare import Check
from hpctl.checks.engine import in_order
from hpctl.spec.cluster import ClusterSpec
from tests.in_turn import in_turn
from tests.unit.checks.test_table import ROWS

AREAS = ("identity", "spec", "slurm", "eks", "network", "capacity", "quota", "iam", "lifecycle", "storage")
IDS = [one.id for one in CLUSTER_CHECKS]
BY_ID = {one.id: one for one in CLUSTER_CHECKS}

each_check = in_turn("one", CLUSTER_CHECKS, ids=lambda one: one.id)


def test_ids_are_unique() -> None:
    assert len(set(IDS)) == len(IDS)


def test_the_two_named_rules_are_there_and_stop_a_create() -> None:
    assert BY_ID["network-efa-single-az"].blocking
    assert BY_ID["eks-auth-mode"].blocking


def test_every_check_that_a_room_declares_is_in_the_catalogue() -> None:
    rooms = [import_module(f"hpctl.checks.{room.name}") for room in iter_modules(checks.__path__)]
    declared = {one.id for room in rooms for one in vars(room).values() if isinstance(one, Check)}
    assert declared == {one.id for one in CHECKS}


def test_the_catalogue_reads_from_the_file_outwards() -> None:
    areas = [one.partition("-")[0] for one in IDS]
    assert list(dict.fromkeys(areas)) == list(AREAS)


@each_check
def test_an_id_is_kebab_case_and_begins_with_its_area(one: Check) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", one.id)
    assert one.id.partition("-")[0] in AREAS


@each_check
def test_a_check_has_a_row_in_the_table(one: Check) -> None:
    assert one.id in {row.check for row in ROWS}


@each_check
def test_a_check_has_a_page_that_says_more_than_its_title(one: Check) -> None:
    assert len(one.page.split()) > len(one.title.split())
    assert one.page.strip().endswith(".")


@each_check
def test_a_title_is_a_clause_without_capital_and_full_stop(one: Check) -> None:
    assert not one.title.endswith(".")
    assert one.title[0].islower() or one.title.startswith("Slurm")


@each_check
def test_a_check_is_about_fields_of_the_spec(one: Check) -> None:
    assert one.about
    assert set(one.about) <= set(ClusterSpec.model_fields)


@each_check
def test_a_check_needs_checks_that_exist_and_stop_as_hard_as_itself(one: Check) -> None:
    for need in one.needs:
        assert need in BY_ID
        assert BY_ID[need].blocking or not one.blocking


def test_no_check_needs_itself_by_a_detour() -> None:
    place = {one.id: number for number, one in enumerate(in_order(CLUSTER_CHECKS))}
    assert all(place[need] < place[one.id] for one in CLUSTER_CHECKS for need in one.needs)
