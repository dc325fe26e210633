"""Instance types: what they tell, what they compute, and what is said about those that are none."""

from __future__ import annotations

import pytest

from hpctl.catalog.instance_types import InstanceType, instance_type, instance_types
from hpctl.errors import ExitCode, NotFoundError
from hpctl.terms import AcceleratorKind, Orchestrator


def test_a_gpu_type_tells_its_facts() -> None:
    p5 = instance_type("ml.p5.48xlarge")
    assert (p5.vcpus, p5.memory_gib, p5.threads_per_core, p5.architecture) == (192, 2048, (1, 2), "x86_64")
    assert (p5.accelerator_kind, p5.accelerator_name) == (AcceleratorKind.NVIDIA, "NVIDIA H100")
    assert (p5.accelerator_count, p5.accelerator_memory_gib) == (8, 80)
    assert (p5.network_cards, p5.has_efa, p5.efa_interfaces, p5.ipv4_per_interface) == (32, True, 32, 50)
    assert (p5.network_gbps, p5.local_nvme_gb) == (3200, 30400)
    assert (p5.ec2_name, p5.family, p5.max_pods) == ("p5.48xlarge", "p5", 49)
    assert dict(p5.kubernetes_resources) == {"nvidia.com/gpu": 8, "vpc.amazonaws.com/efa": 32}


def test_trainium_counts_logical_cores_for_kubernetes() -> None:
    trn2 = instance_type("ml.trn2.48xlarge")
    assert (trn2.accelerator_kind, trn2.accelerator_memory_gib) == (AcceleratorKind.NEURON, 96)
    assert (trn2.physical_neuron_cores, trn2.logical_neuron_cores) == (128, 64)
    assert dict(trn2.kubernetes_resources) == {
        "aws.amazon.com/neuron": 16,
        "aws.amazon.com/neuroncore": 64,
        "vpc.amazonaws.com/efa": 16,
    }
    assert instance_type("ml.trn1.32xlarge").kubernetes_resources["aws.amazon.com/neuroncore"] == 32


def test_a_cpu_type_offers_no_extended_resource_and_takes_no_deep_health_check() -> None:
    m5 = instance_type("ml.m5.large")
    assert m5.accelerator_kind is AcceleratorKind.NONE
    assert (m5.accelerator_name, m5.accelerator_count, m5.has_efa) == (None, 0, False)
    assert dict(m5.kubernetes_resources) == {}
    assert not m5.supports_deep_health_checks
    assert instance_type("ml.g5.xlarge").supports_deep_health_checks
    assert instance_type("ml.trn1.32xlarge").supports_deep_health_checks


@pytest.mark.parametrize(
    ("name", "slurm", "eks"),
    [
        ("ml.p5.48xlarge", 32, 81),
        ("ml.p5e.48xlarge", 32, 81),
        ("ml.p5en.48xlarge", 16, 65),
        ("ml.p6-b300.48xlarge", 17, 66),
        ("ml.p6-b200.48xlarge", 8, 57),
        ("ml.trn1.32xlarge", 8, 57),
        ("ml.trn2.48xlarge", 16, 65),
        ("ml.p4d.24xlarge", 4, 53),
        ("ml.g6e.24xlarge", 2, 51),
        ("ml.g7e.48xlarge", 4, 67),
        ("ml.g5.48xlarge", 1, 50),
        ("ml.t3.medium", 1, 6),
        ("ml.c8g.medium", 1, 4),
    ],
)
def test_a_node_takes_so_many_addresses_of_its_subnet(name: str, slurm: int, eks: int) -> None:
    assert instance_type(name).addresses(Orchestrator.SLURM) == slurm
    assert instance_type(name).addresses(Orchestrator.EKS) == eks


@pytest.mark.parametrize(
    ("name", "cpu", "memory"),
    [
        ("ml.p5.48xlarge", 179.97, 1890.26),
        ("ml.p4d.24xlarge", 89.73, 1056.98),
        ("ml.trn1.32xlarge", 119.81, 461.78),
        ("ml.g5.48xlarge", 179.97, 699.86),
        ("ml.g5.8xlarge", 29.57, 104.66),
        ("ml.t3.medium", 1.45, 2.3),
        ("ml.c6g.medium", 0.6, 0.9),
    ],
)
def test_a_node_keeps_cpu_and_memory_for_itself(name: str, cpu: float, memory: float) -> None:
    assert instance_type(name).allocatable_cpu == pytest.approx(cpu)
    assert instance_type(name).allocatable_memory_gib == pytest.approx(memory)


@pytest.mark.parametrize(
    ("name", "threads"),
    [("ml.g5.xlarge", (1, 2)), ("ml.g7.48xlarge", (1,)), ("ml.m8g.medium", (1,)), ("ml.c8a.16xlarge", (1,))],
)
def test_threads_per_core_are_those_that_the_type_can_run(name: str, threads: tuple[int, ...]) -> None:
    assert instance_type(name).threads_per_core == threads


def test_what_nobody_has_published_stays_unknown() -> None:
    gb200 = instance_type("ml.p6e-gb200.36xlarge")
    assert (gb200.vcpus, gb200.accelerator_count, gb200.architecture, gb200.has_efa) == (144, 4, "arm64", True)
    unknown = (
        gb200.threads_per_core,
        gb200.accelerator_memory_gib,
        gb200.efa_interfaces,
        gb200.network_cards,
        gb200.max_pods,
        gb200.addresses(Orchestrator.EKS),
        gb200.addresses(Orchestrator.SLURM),
    )
    assert unknown == (None,) * 7
    assert dict(gb200.kubernetes_resources) == {"nvidia.com/gpu": 4}
    assert "network_cards" not in gb200.sources


FACTS = [name for name in InstanceType.__dataclass_fields__ if name not in {"name", "sources"}]


def test_every_known_fact_names_its_source() -> None:
    for row in instance_types():
        known = {fact for fact in FACTS if getattr(row, fact) is not None}
        assert set(row.sources) == known, row.name
        assert all(row.sources.values()), row.name


def test_the_source_of_a_corrected_fact_is_the_correction_s() -> None:
    trn2 = instance_type("ml.trn2.48xlarge")
    assert trn2.sources["vcpus"].startswith("EC2 DescribeInstanceTypes")
    assert trn2.sources["accelerator_memory_gib"].startswith("AWS Neuron SDK")


def test_all_types_come_by_family_and_then_by_size() -> None:
    names = [one.name for one in instance_types()]
    assert names.index("ml.g5.xlarge") < names.index("ml.g5.2xlarge") < names.index("ml.g5.16xlarge")
    assert len(set(names)) == len(names)
    families = [one.family for one in instance_types()]
    assert families == sorted(families)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("p5.48xlarge", "HyperPod's types begin with `ml.`: `ml.p5.48xlarge`"),
        (
            "ml.trn1.2xlarge",
            (
                "HyperPod's smallest Trainium type is `ml.trn2.3xlarge`; "
                "of trn1 it has `ml.trn1.32xlarge` and `ml.trn1n.32xlarge`"
            ),
        ),
        ("trn2u.48xlarge", "of trn2 HyperPod has `ml.trn2.3xlarge` and `ml.trn2.48xlarge`"),
        (
            "ml.inf2.xlarge",
            (
                "Inferentia serves models; HyperPod has Trainium for training: "
                "`ml.trn1.32xlarge`, `ml.trn1n.32xlarge`, `ml.trn2.3xlarge`, `ml.trn2.48xlarge`"
            ),
        ),
        (
            "ml.p5.48xlrge",
            "nearest: `ml.p5.48xlarge`, `ml.p5e.48xlarge`, `ml.p5.4xlarge`; `hpctl instances list` shows all types",
        ),
        (
            "ml.p99.banana",
            "nearest: `ml.p5.4xlarge`, `ml.p5.48xlarge`, `ml.p5e.48xlarge`; `hpctl instances list` shows all types",
        ),
        ("zzz", "`hpctl instances list` shows all types"),
    ],
)
def test_a_type_that_hyperpod_lacks_is_answered_with_what_to_take(name: str, hint: str) -> None:
    with pytest.raises(NotFoundError) as error:
        instance_type(name)
    assert error.value.message == f"`{name}` is not a HyperPod instance type"
    assert error.value.hint == hint
    assert error.value.exit_code is ExitCode.NOT_FOUND
