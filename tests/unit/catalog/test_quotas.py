"""Quotas: their names, the codes that are known, and the spellings that AWS has."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest

from hpctl.catalog.instance_types import instance_types
from hpctl.catalog.quotas import KnownQuota, cluster_spot_usage, cluster_usage, limit

TYPES = {one.name for one in instance_types()}
CATALOG = json.loads((files("hpctl.catalog") / "quotas.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("quota", "name", "code"),
    [
        (cluster_usage("ml.p5.48xlarge"), "ml.p5.48xlarge for cluster usage", "L-8762A75F"),
        (cluster_usage("ml.trn1.32xlarge"), "ml.trn1.32xlarge for cluster usage", "L-6865522E"),
        (cluster_usage("ml.m5.2xlarge"), "ml.m5.2xlarge for cluster usage", "L-60995545"),
        (cluster_usage("ml.trn2.48xlarge"), "ml.trn2.48xlarge for cluster usage", None),
        (cluster_spot_usage("ml.p5.48xlarge"), "ml.p5.48xlarge for cluster spot instance usage", "L-F742E2D7"),
        (cluster_spot_usage("ml.m5.2xlarge"), "ml.m5.2xlarge for cluster spot instance usage", None),
        (limit("network_interfaces"), "Network interfaces per Region", "L-DF5E4CA3"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_quota_has_a_name_and_perhaps_a_code(quota: KnownQuota, name: str, code: str | None) -> None:
    assert (quota.name, quota.code) == (name, code)


def test_interfaces_belong_to_another_service() -> None:
    assert limit("network_interfaces").service == "vpc"
    assert limit("total_instances").service == "sagemaker"


@pytest.mark.parametrize(
    "name",
    [
        "ml.r7i.12xlarge for cluster usage",
        "cluster-ml-r7i-12xlarge for cluster usage",
        "ML.R7I.12xlarge  for Cluster usage ",
    ],
)
def test_a_quota_goes_by_each_of_its_names(name: str) -> None:
    assert cluster_usage("ml.r7i.12xlarge").is_named(name)


@pytest.mark.parametrize(
    "name",
    [
        "ml.r7i.2xlarge for cluster usage",
        "ml.r7i.12xlarge for cluster spot instance usage",
        "ml.r7i.12xlarge for training job usage",
        "",
    ],
)
def test_a_quota_goes_by_no_other_name(name: str) -> None:
    assert not cluster_usage("ml.r7i.12xlarge").is_named(name)


@pytest.mark.parametrize("table", ["cluster_usage", "cluster_spot_usage", "misnamed"])
def test_codes_are_those_of_instance_types(table: str) -> None:
    assert CATALOG[table].keys() <= TYPES


def test_no_code_stands_for_two_quotas() -> None:
    codes = [*CATALOG["cluster_usage"].values(), *CATALOG["cluster_spot_usage"].values()]
    codes += [code for _service, _name, code in CATALOG["limits"].values()]
    assert len(codes) == len(set(codes)) == 121
    assert all(re.fullmatch(r"L-[0-9A-F]{8}", code) for code in codes)
