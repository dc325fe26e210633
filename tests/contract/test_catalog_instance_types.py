"""The committed instance types are botocore's, and agree with every source that speaks of them."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from hpctl.catalog.instance_types import InstanceType, instance_type, instance_types
from hpctl.terms import AcceleratorKind

ROOT = Path(__file__).resolve().parents[2]
TOOL = runpy.run_path(str(ROOT / "tools/build_instance_types.py"))
COMMITTED = json.loads(TOOL["TARGET"].read_text(encoding="utf-8"))
EC2: dict[str, dict[str, Any]] = TOOL["ec2_types"]()


def test_every_type_of_the_installed_botocore_is_covered_and_no_other() -> None:
    ours, theirs = {one.name for one in instance_types()}, set(TOOL["cluster_types"]())
    missing, foreign = sorted(theirs - ours), sorted(ours - theirs)
    assert (missing, foreign) == ([], []), "run tools/build_instance_types.py"


def test_the_committed_file_is_what_the_generator_writes() -> None:
    built = json.loads(TOOL["render"](TOOL["build"]()))
    assert COMMITTED["instance_types"] == built["instance_types"]
    assert COMMITTED["not_hyperpod"] == built["not_hyperpod"]
    assert COMMITTED["sources"].keys() == built["sources"].keys()


def test_types_that_hyperpod_lacks_are_not_types_that_it_has() -> None:
    names = [one.name for one in instance_types()]
    assert [(prefix, name) for prefix in COMMITTED["not_hyperpod"] for name in names if name.startswith(prefix)] == []


def test_advice_names_only_types_that_exist() -> None:
    named = {name for text in COMMITTED["not_hyperpod"].values() for name in re.findall(r"`(ml\.[^`]+)`", text)}
    assert named
    assert named <= {one.name for one in instance_types()}


def corrected(one: InstanceType, fact: str) -> bool:
    return not one.sources[fact].startswith("EC2 ")


def in_ec2() -> list[InstanceType]:
    found = [one for one in instance_types() if one.ec2_name in EC2]
    assert len(found) > 200
    return found


@pytest.mark.parametrize(
    ("fact", "read"),
    [
        ("vcpus", lambda ec2: ec2["VCpuInfo"]["DefaultVCpus"]),
        ("memory_gib", lambda ec2: ec2["MemoryInfo"]["SizeInMiB"] / 1024),
        ("network_cards", lambda ec2: ec2["NetworkInfo"]["MaximumNetworkCards"]),
        ("network_cards", lambda ec2: len(ec2["NetworkInfo"]["NetworkCards"])),
        ("ipv4_per_interface", lambda ec2: ec2["NetworkInfo"]["Ipv4AddressesPerInterface"]),
        ("has_efa", lambda ec2: ec2["NetworkInfo"]["EfaSupported"]),
        ("efa_interfaces", lambda ec2: (ec2["NetworkInfo"].get("EfaInfo") or {}).get("MaximumEfaInterfaces", 0)),
        ("architecture", lambda ec2: "/".join(ec2["ProcessorInfo"]["SupportedArchitectures"])),
        ("local_nvme_gb", lambda ec2: sum(d["Count"] * d["SizeInGB"] for d in disks(ec2))),
        ("accelerator_count", lambda ec2: sum(device["Count"] for device in devices(ec2))),
    ],
)
def test_ec2_says_the_same(fact: str, read: Any) -> None:
    compared = [(one, read(EC2[one.ec2_name])) for one in in_ec2() if not corrected(one, fact)]
    assert len(compared) > 200
    assert [(one.name, getattr(one, fact), theirs) for one, theirs in compared if getattr(one, fact) != theirs] == []


def disks(ec2: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (ec2.get("InstanceStorageInfo") or {}).get("Disks", [])
    return found


def devices(ec2: dict[str, Any]) -> list[dict[str, Any]]:
    neuron = (ec2.get("NeuronInfo") or {}).get("NeuronDevices", [])
    return [*(ec2.get("GpuInfo") or {}).get("Gpus", []), *neuron]


def test_ec2_knows_the_same_accelerator_memory_where_it_is_not_corrected() -> None:
    accelerated = [one for one in in_ec2() if one.accelerator_kind is not AcceleratorKind.NONE]
    wrong = {
        one.name: devices(EC2[one.ec2_name])[0]["MemoryInfo"]["SizeInMiB"] / 1024
        for one in accelerated
        if devices(EC2[one.ec2_name])[0]["MemoryInfo"]["SizeInMiB"] / 1024 != one.accelerator_memory_gib
    }
    assert wrong == {"ml.trn2.3xlarge": 512, "ml.trn2.48xlarge": 512}


def test_ec2_allows_the_same_threads_per_core_where_it_tells() -> None:
    told = {one: EC2[one.ec2_name]["VCpuInfo"].get("ValidThreadsPerCore") for one in in_ec2()}
    assert [one.name for one, threads in told.items() if threads and tuple(threads) != one.threads_per_core] == []
    untold = {one.family for one, threads in told.items() if not threads}
    assert untold == {"g5", "c6g", "c7g", "c8g", "m6g", "m7g", "m8g"}


@pytest.fixture(scope="session")
def reference(shared: Path) -> list[dict[str, Any]]:
    rows = json.loads((shared / "facts/instances.json").read_text(encoding="utf-8"))["instances"]
    found = [row for row in rows if row["hyperpod"]]
    assert len(found) > 50
    return found


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("vcpus", "vcpus"),
        ("memory_gib", "memory_gib"),
        ("accelerator_count", "accelerator_count"),
        ("network_gbps", "network_gbps"),
        ("network_cards", "network_cards"),
        ("efa_interfaces_max", "efa_interfaces"),
        ("local_nvme_gb", "local_nvme_gb"),
        ("neuroncores_physical", "physical_neuron_cores"),
        ("neuroncores_logical", "logical_neuron_cores"),
    ],
)
def test_the_reference_file_says_the_same_where_both_speak(
    theirs: str, ours: str, reference: list[dict[str, Any]]
) -> None:
    pairs = [
        (row["instance_type"], row.get(theirs), getattr(instance_type(row["instance_type"]), ours)) for row in reference
    ]
    spoken = [pair for pair in pairs if pair[1] is not None and pair[2] is not None]
    assert spoken
    assert [pair for pair in spoken if pair[1] != pair[2]] == []


def test_the_reference_file_has_the_same_memory_architecture_and_kubernetes_resources(
    reference: list[dict[str, Any]],
) -> None:
    for row in reference:
        one = instance_type(row["instance_type"])
        assert row["arch"] == [one.architecture]
        assert row["k8s_resources"] == dict(one.kubernetes_resources)
        if one.accelerator_memory_gib is not None:
            assert row["hbm_mib_per_accelerator"] == one.accelerator_memory_gib * 1024
