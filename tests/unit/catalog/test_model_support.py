"""The facts about frameworks are whole: each has a source, a version, known words and a pin where one is needed."""

from __future__ import annotations

from collections import Counter

import pytest

from hpctl.catalog.accelerators import accelerated
from hpctl.catalog.instance_types import instance_types
from hpctl.catalog.model_support import Status, loads_with, support_facts, transformers_facts
from hpctl.errors import NotFoundError, UsageError
from hpctl.terms import AcceleratorKind

WAYS = {"DP", "TP", "PP", "SP", "CP", "EP", "ZeRO-1", "FSDP"}
DEVICES = {"inf1", "inf2", "trn1", "trn1n", "trn2", "trn3", "nvidia"}


def test_every_fact_names_its_source_its_framework_and_its_devices() -> None:
    for fact in support_facts():
        assert fact.source, fact
        assert fact.framework.version, fact
        assert fact.framework.source, fact
        assert set(fact.devices) <= DEVICES, fact
        assert fact.devices, fact
        assert set(fact.parallelism) <= WAYS, fact
        assert fact.tasks, fact


def test_the_words_are_counted() -> None:
    assert Counter(fact.status for fact in support_facts()) == {
        Status.SUPPORTED: 87,
        Status.CONTRIB: 68,
        Status.SUPPORTED_PIN: 29,
        Status.LEGACY: 15,
        Status.BETA: 10,
        Status.CODE_ONLY: 20,
        Status.PRIVATE_BETA: 1,
        Status.FITS_ONE_CORE_ONLY: 1,
    }


@pytest.mark.parametrize("status", [Status.SUPPORTED, Status.SUPPORTED_PIN, Status.LEGACY])
def test_what_runs_on_neuron_names_the_sdk_and_the_reason(status: Status) -> None:
    for fact in support_facts():
        if fact.status is status and fact.devices != ("nvidia",):
            assert fact.framework.sdk, fact
            assert fact.framework.pin, fact


@pytest.mark.parametrize("status", [Status.BETA, Status.PRIVATE_BETA])
def test_a_beta_tells_how_to_get_at_it_or_which_sdk_has_it(status: Status) -> None:
    for fact in support_facts():
        if fact.status is status:
            assert fact.framework.access or fact.framework.sdk, fact


def test_a_port_by_the_community_is_never_called_supported() -> None:
    ports = [fact for fact in support_facts() if fact.framework.key == "nxd-inference-contrib"]
    assert {fact.status for fact in ports} == {Status.CONTRIB}
    assert next(fact for fact in ports if fact.model_type == "falcon").note == "its README says: EXCELLENT"


def test_transformers_tells_the_plans_that_a_configuration_has() -> None:
    facts = transformers_facts()
    assert facts["llama"].parallelism == ("DP", "FSDP", "TP", "PP")
    assert facts["bloom"].parallelism == ("DP", "FSDP")
    assert "bert-japanese" not in facts


def test_optimum_neuron_cannot_load_what_its_transformers_does_not_know() -> None:
    framework = next(fact.framework for fact in support_facts() if fact.framework.key == "optimum-neuron")
    assert loads_with(framework, "qwen3_moe")
    assert not loads_with(framework, "qwen3_5")
    assert not loads_with(framework, "gemma4")


def test_every_accelerated_type_of_hyperpod_is_one_with_and_without_its_prefix() -> None:
    known = [row for row in instance_types() if row.accelerator_kind is not AcceleratorKind.NONE]
    assert len(known) == 57
    for row in known:
        assert accelerated(row.name) == accelerated(row.ec2_name)
        assert accelerated(row.name).hyperpod


@pytest.mark.parametrize(
    ("name", "device", "count", "memory", "cores"),
    [
        ("inf2.48xlarge", "inf2", 12, 32, 24),
        ("ml.trn1.2xlarge", "trn1", 1, 32, 2),
        ("trn2u.48xlarge", "trn2", 16, 96, 64),
        ("trn3", "trn3", 16, 144, 64),
        ("inf1.24xlarge", "inf1", 16, 8, 64),
        ("p3.2xlarge", "nvidia", 1, 16, 0),
        ("p3dn.24xlarge", "nvidia", 8, 32, 0),
    ],
)
def test_types_that_hyperpod_does_not_take_are_known_and_said_to_be_so(
    name: str, device: str, count: int, memory: float, cores: int
) -> None:
    found = accelerated(name)
    assert not found.hyperpod
    assert found.device == device
    known = found.type
    assert (known.accelerator_count, known.accelerator_memory_gib, known.logical_neuron_cores) == (count, memory, cores)
    assert known.sources["accelerator_count"]


def test_types_without_accelerators_and_types_that_nobody_knows_are_told_apart() -> None:
    with pytest.raises(UsageError, match=r"`ml.m5.xlarge` has no accelerators"):
        accelerated("m5.xlarge")
    with pytest.raises(NotFoundError, match=r"`trn1.32xlarg` is not an instance type") as caught:
        accelerated("trn1.32xlarg")
    assert caught.value.hint is not None
    assert "`ml.trn1.32xlarge`" in caught.value.hint
