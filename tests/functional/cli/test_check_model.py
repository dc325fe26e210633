"""`hpctl check-model` and `hpctl job init` as a person types them: the real command, no network, no account."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from hpctl.errors import ExitCode
from tests.functional.cli.command import Hpctl, bare_environment
from tests.unit.services.model.configs import QWEN3_8B, QWEN3_MOE


@pytest.fixture
def hpctl(tmp_path: Path) -> Hpctl:
    for name, raw in (("dense", QWEN3_8B), ("mixture", QWEN3_MOE), ("unheard", QWEN3_8B | {"model_type": "qwenn3"})):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(json.dumps(raw), encoding="utf-8")
    return Hpctl(bare_environment() | {"HF_HOME": str(tmp_path / "hf")}, tmp_path)


def test_a_folder_is_answered_with_counts_verdict_pin_and_layout(hpctl: Hpctl) -> None:
    answer = hpctl("check-model", "dense", "--instance-type", "trn1.32xlarge", "-o", "json").json()
    assert answer["kind"] == "Model"
    assert answer["model"]["parameters"] == 8_190_735_360
    (row,) = answer["instance_types"]
    assert (row["outcome"], row["nodes"]) == ("warn", 1)
    assert row["layouts"][0]["layout"] == "dp=4,tp=8,zero=1"
    assert row["support"][0] | {"source": ""} == row["support"][0] | {
        "source": "",
        "sdk": "2.26.1",
        "status": "supported",
    }
    assert row["explanation"] == []


def test_the_table_says_the_same_in_words(hpctl: Hpctl) -> None:
    out = hpctl("check-model", "dense", "-t", "trn1.32xlarge", "--explain").out
    assert "Parameters:     8,190,735,360 (8.19 B)" in out
    assert "warn pin Neuron SDK 2.26.1" in out
    assert "how the memory of ml.trn1.32xlarge is counted" in out
    assert "1,024,103,552 x 2 B" in out


def test_names_are_the_types_on_which_it_goes(hpctl: Hpctl) -> None:
    out = hpctl("check-model", "mixture", "-o", "name").out.splitlines()
    assert "ml.p5.48xlarge" in out
    assert "ml.trn1.32xlarge" not in out


def test_what_does_not_go_is_exit_20_and_says_where_it_does(hpctl: Hpctl) -> None:
    ended = hpctl("check-model", "mixture", "-t", "trn1.32xlarge", ends=ExitCode.CHECKS_FAILED)
    assert "no framework has a class that splits `qwen3_moe`, and it does not fit one core" in ended.out
    assert "hint: it does on NVIDIA GPUs: transformers with PyTorch (supported)" in ended.err


def test_caveats_are_exit_21_when_they_shall_be(hpctl: Hpctl) -> None:
    hpctl("check-model", "dense", "-t", "trn1.32xlarge")
    ended = hpctl("check-model", "dense", "-t", "trn1.32xlarge", "--fail-on", "warn", ends=ExitCode.CHECKS_UNKNOWN)
    assert "goes for finetune, with caveats" in ended.err
    hpctl("check-model", "dense", "-t", "p5.48xlarge", "--fail-on", "warn")


def test_an_unknown_architecture_is_refused_by_name(hpctl: Hpctl) -> None:
    ended = hpctl("check-model", "unheard", ends=ExitCode.CHECKS_FAILED)
    assert "`qwenn3`" in ended.err
    assert "`qwen3`" in ended.err
    assert ended.out == ""


def test_an_unknown_name_gives_the_nearest_and_asks_no_network(hpctl: Hpctl) -> None:
    started = time.monotonic()
    ended = hpctl("check-model", "Qwen/Qwen3-8BB", ends=ExitCode.NOT_FOUND)
    assert "Qwen/Qwen3-8B" in ended.err
    assert time.monotonic() - started < 10


def test_a_family_answers_for_each_architecture(hpctl: Hpctl) -> None:
    answer = hpctl("check-model", "Qwen3", "-o", "json").json()
    assert answer["kind"] == "ModelFamily"
    by_type = {row["model_type"]: row for row in answer["architectures"]}
    assert {"qwen3", "qwen3_moe"} <= set(by_type)
    told = {(one["task"], one["device"]): one["status"] for one in by_type["qwen3_moe"]["support"]}
    assert told["finetune", "trn1"] == "fits-one-core-only"
    ended = hpctl("check-model", "Qwen3", "-t", "p5.48xlarge", ends=ExitCode.CHECKS_FAILED)
    assert "`Qwen3` is a family: whether it fits depends on the model" in ended.err


def test_a_layout_with_an_unknown_degree_is_wrong_usage(hpctl: Hpctl) -> None:
    ended = hpctl("check-model", "dense", "-t", "p5.48xlarge", "--parallel", "tq=8", ends=ExitCode.USAGE)
    assert "`tq` is no degree of parallelism" in ended.err


def test_a_job_file_for_a_model_is_one_that_the_command_reads(hpctl: Hpctl, tmp_path: Path) -> None:
    text = hpctl("job", "init", "--model", "dense", "-t", "trn1.32xlarge", "--task", "lora").out
    assert "instance_type: ml.trn1.32xlarge\n" in text
    assert 'TENSOR_PARALLEL: "' in text
    ended = hpctl("job", "init", "--model", "mixture", "-t", "trn1.32xlarge", ends=ExitCode.CHECKS_FAILED)
    assert ended.out == ""
