"""Write `catalog/instance_types.json`: the facts about every instance type that CreateCluster takes.

The names come from botocore's ClusterInstanceType, the facts from the EC2 data that moto ships, and
what these cannot tell from `instance_type_overrides.toml` beside this file. Run it after an upgrade
of either: `python tools/build_instance_types.py`. `tests/contract/test_catalog_instance_types.py`
fails when the committed file is out of date.
"""

from __future__ import annotations

import gzip
import json
import re
import tomllib
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any

import botocore.session

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "src/hpctl/catalog/instance_types.json"
OVERRIDES = HERE / "instance_type_overrides.toml"
FACTS = (
    "vcpus",
    "memory_gib",
    "threads_per_core",
    "architecture",
    "accelerator_kind",
    "accelerator_name",
    "accelerator_count",
    "accelerator_memory_gib",
    "physical_neuron_cores",
    "logical_neuron_cores",
    "network_cards",
    "has_efa",
    "efa_interfaces",
    "ipv4_per_interface",
    "network_gbps",
    "local_nvme_gb",
)
MIB_PER_GIB = 1024


def build() -> dict[str, Any]:
    """The whole catalog: sources, instance types in natural order, types that HyperPod lacks."""
    hand = tomllib.loads(OVERRIDES.read_text(encoding="utf-8"))
    described = ec2_types()
    rows = {name: _row(described.get(name.removeprefix("ml."))) for name in cluster_types()}
    for override in hand["override"]:
        for name in override.pop("types"):
            _override(rows[name], override)
    return {
        "sources": {key: text.format(moto=version("moto")) for key, text in hand["sources"].items()},
        "instance_types": dict(sorted(rows.items(), key=_natural)),
        "not_hyperpod": hand["not_hyperpod"],
    }


def cluster_types() -> tuple[str, ...]:
    """Every value of ClusterInstanceType in the installed botocore."""
    model = botocore.session.get_session().get_service_model("sagemaker")
    return tuple(model.shape_for("ClusterInstanceType").metadata["enum"])


def ec2_types() -> dict[str, dict[str, Any]]:
    """EC2's own description of each of its types, by name, as moto ships it."""
    packed = (resources.files("moto") / "ec2/resources/instance_types.json.gz").read_bytes()
    types: dict[str, dict[str, Any]] = json.loads(gzip.decompress(packed))
    return types


def _row(described: dict[str, Any] | None) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(FACTS)
    if described is None:
        return row | {"sources": {}}
    row |= _machine(described) | _accelerators(described) | _network(described["NetworkInfo"])
    threads = {} if "ValidThreadsPerCore" in described["VCpuInfo"] else {"threads_per_core": "threads"}
    return row | {"sources": {"*": "ec2"} | threads}


def _machine(described: dict[str, Any]) -> dict[str, Any]:
    cpu = described["VCpuInfo"]
    (architecture,) = described["ProcessorInfo"]["SupportedArchitectures"]
    return {
        "vcpus": cpu["DefaultVCpus"],
        "memory_gib": _number(described["MemoryInfo"]["SizeInMiB"] / MIB_PER_GIB),
        "threads_per_core": cpu.get("ValidThreadsPerCore") or list(range(1, cpu["DefaultThreadsPerCore"] + 1)),
        "architecture": architecture,
        "local_nvme_gb": described.get("InstanceStorageInfo", {}).get("TotalSizeInGB", 0),
    }


def _accelerators(described: dict[str, Any]) -> dict[str, Any]:
    if "GpuInfo" in described:
        (gpu,) = described["GpuInfo"]["Gpus"]
        return _device("nvidia", f"{gpu['Manufacturer']} {gpu['Name']}", gpu, cores=0)
    if "NeuronInfo" in described:
        (device,) = described["NeuronInfo"]["NeuronDevices"]
        return _device("neuron", f"AWS {device['Name']}", device, cores=device["CoreInfo"]["Count"])
    return {
        "accelerator_kind": "none",
        "accelerator_count": 0,
        "physical_neuron_cores": 0,
        "logical_neuron_cores": 0,
    }


def _device(kind: str, name: str, device: dict[str, Any], *, cores: int) -> dict[str, Any]:
    return {
        "accelerator_kind": kind,
        "accelerator_name": name,
        "accelerator_count": device["Count"],
        "accelerator_memory_gib": _number(device["MemoryInfo"]["SizeInMiB"] / MIB_PER_GIB),
        "physical_neuron_cores": cores * device["Count"],
        "logical_neuron_cores": cores * device["Count"],
    }


def _network(described: dict[str, Any]) -> dict[str, Any]:
    return {
        "network_cards": described["MaximumNetworkCards"],
        "has_efa": described["EfaSupported"],
        "efa_interfaces": described.get("EfaInfo", {}).get("MaximumEfaInterfaces", 0),
        "ipv4_per_interface": described["Ipv4AddressesPerInterface"],
        "network_gbps": _gbps(described["NetworkPerformance"]),
    }


def _gbps(performance: str) -> float:
    """`16x 200 Gigabit` is 3200, `Up to 12.5 Gigabit` is 12.5."""
    match = re.fullmatch(r"(?:Up to )?(?:(\d+)x )?([\d.]+) Gigabit", performance)
    if match is None:
        message = f"network performance {performance!r} has a new form"
        raise ValueError(message)
    return _number(int(match[1] or 1) * float(match[2]))


def _number(value: float) -> float:
    return int(value) if value == int(value) else value


def _override(row: dict[str, Any], override: dict[str, Any]) -> None:
    for fact in FACTS:
        if fact in override:
            row[fact] = override[fact]
            row["sources"][fact] = override["source"]


def _natural(item: tuple[str, dict[str, Any]]) -> tuple[str, int, float, str]:
    name, row = item
    return name.split(".")[1], row["vcpus"], row["memory_gib"], name


def render(catalog: dict[str, Any]) -> str:
    """JSON with one instance type a line, so that a change reads well in a diff."""
    parts = []
    for title, rows in catalog.items():
        lines = ",\n".join(f"    {json.dumps(key)}: {json.dumps(row)}" for key, row in rows.items())
        parts.append(f"  {json.dumps(title)}: {{\n{lines}\n  }}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    TARGET.write_text(render(build()), encoding="utf-8")
