"""Write `catalog/model_support.json`: which framework has which model, on which accelerator.

Usage: `python tools/extract_model_support.py FACTS WHEEL PINNED_WHEEL`. FACTS is the table of facts that were read in
the frameworks' sources, row by row; WHEEL is the wheel of transformers that NVIDIA users take, PINNED_WHEEL the one
that optimum-neuron is built on. What is true of a framework as a whole is in `tools/model_frameworks.toml`, and the
recipes for NVIDIA GPUs are in `tools/model_recipes.toml`.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parents[1] / "src/hpctl/catalog/model_support.json"
FRAMEWORKS = Path(__file__).with_name("model_frameworks.toml")
RECIPES = Path(__file__).with_name("model_recipes.toml")
KEYS = {
    "optimum-neuron": "optimum-neuron",
    "optimum-neuron (NxD backend)": "optimum-neuron-nxd",
    "optimum-neuron (traced export)": "optimum-neuron-export",
    "optimum-neuron (traced export) diffusers": "optimum-neuron-export",
    "optimum-neuron (traced export) sentence_transformers": "optimum-neuron-export",
    "optimum-neuron (diffusers)": "optimum-neuron-export",
    "NxD Training": "nxd-training",
    "NxD Core (sample scripts)": "nxd-core",
    "torch-neuronx samples": "torch-neuronx-samples",
    "TorchNeuron native PyTorch (private beta)": "torchneuron",
    "NxD Inference": "nxd-inference",
    "NxD Inference (pinned SDK 2.28)": "nxd-inference-2-28",
    "NxD Inference contrib (community)": "nxd-inference-contrib",
    "vLLM Neuron": "vllm-neuron",
    "torch-neuron (inf1)": "torch-neuron",
}
STATUS = {
    "supported": "supported",
    "maintenance": "supported-pin",
    "pin-2.28": "supported-pin",
    "beta": "beta",
    "private-beta": "private-beta",
    "contrib": "contrib",
    "contrib-needs-work": "contrib",
    "code-only": "code-only",
    "unreleased": "code-only",
    "legacy": "legacy",
    "end-of-support": "legacy",
    "conditional": "fits-one-core-only",
}
NOTES = {
    ("vllm-neuron", "llama"): "1B, 8B and 70B of Llama 3.x, in bfloat16 and static FP8",
    ("vllm-neuron", "gpt_oss"): "20b and 120b: bfloat16 on Trn2, MXFP4 on Trn3",
    ("vllm-neuron", "qwen3_vl"): "8B and 32B: bfloat16, and MXFP8 on Trn3",
    ("vllm-neuron", "qwen3"): "embeddings alone (Qwen3-Embedding); the generative Qwen3 is in no recipe",
    ("nxd-inference-2-28", "llama"): "Llama 3.1 405B needs Trn2",
    ("nxd-inference", "llama4"): "for speed the release notes advise SDK 2.28",
    ("nxd-inference", "mixtral"): "for speed the release notes advise SDK 2.28",
    ("nxd-inference", "dbrx"): "for speed the release notes advise SDK 2.28",
    ("optimum-neuron", "*"): "no class of its own: weights, gradients, optimizer and activations must fit one core",
}
TRAINING_ON_TRN2 = "the documentation names Trn1; Trn2 is shown by an example alone"
UNRELEASED = "on the main branch alone, in no release"
DEVICES = ("inf1", "inf2", "trn1", "trn1n", "trn2", "trn3")
SPLITS = {"DTensor TP": "TP", "DDP": "DP", "DP(servers)": "DP", "DP(attention)": "DP", "vision-DP": "DP"}
METHODS = ("LoRA", "DPO", "ORPO")


def extract(facts: Path, wheel: Path, pinned: Path) -> dict[str, Any]:
    """Everything that the catalog keeps."""
    table = json.loads(facts.read_text(encoding="utf-8"))
    rows = [_row(one) for fact in table["facts"] if fact["task"] != "training(model, no head)" for one in _apart(fact)]
    return {
        "frameworks": tomllib.loads(FRAMEWORKS.read_text(encoding="utf-8")),
        "facts": [*rows, *_recipes()],
        "transformers": dict(sorted(_causal_models(wheel))),
        "transformers_4_57": sorted({model for model, _ in _causal_models(pinned)}),
    }


def _recipes() -> Iterator[dict[str, Any]]:
    """Yield a fact for each model that a framework has published a recipe for."""
    for recipe in tomllib.loads(RECIPES.read_text(encoding="utf-8"))["recipe"]:
        for model_type in recipe.pop("model_types"):
            yield {
                "model_type": model_type,
                "tasks": ["training"],
                "status": "supported",
                "devices": ["nvidia"],
            } | recipe


def _apart(fact: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the fact, or two where it is surer on one device than on another."""
    if KEYS[fact["framework"]] == "optimum-neuron" and fact["status"] == "supported":
        yield fact | {"devices": ["trn1", "trn1n"]}
        yield fact | {"devices": ["trn2"]}
    else:
        yield fact


def _row(fact: dict[str, Any]) -> dict[str, Any]:
    framework = KEYS[fact["framework"]]
    ways = [SPLITS.get(way, way) for way in fact["parallelism"]]
    row = {
        "model_type": fact["model_type"].partition(" ")[0],
        "framework": framework,
        "tasks": _tasks(fact["task"]),
        "status": STATUS[fact["status"]],
        "devices": sorted(fact["devices"], key=DEVICES.index),
        "parallelism": [way for way in dict.fromkeys(map(_bare, ways)) if way not in METHODS],
        "methods": [way for way in ways if way in METHODS],
        "degrees": sorted(int(way.removeprefix("TP=")) for way in ways if way.startswith("TP=")),
        "classes": fact["classes"],
        "source": fact["source"],
        "note": _note(framework, fact),
    }
    return {key: value for key, value in row.items() if value not in ([], "")}


def _bare(way: str) -> str:
    return way.partition("=")[0]


def _tasks(words: str) -> list[str]:
    kind, _, rest = words.partition(":")
    return rest.partition(" (")[0].split("|") if rest else [kind]


def _note(framework: str, fact: dict[str, Any]) -> str:
    if fact["status"] == "unreleased":
        return UNRELEASED
    if fact["notes"].startswith("README status: "):
        told = fact["notes"].removeprefix("README status: ")
        return "its README says: " + re.sub(r"[^\x00-\x7f*]|\*\*", "", told).strip().rstrip(".")
    if framework == "optimum-neuron" and fact["status"] == "supported" and "trn2" in fact["devices"]:
        return TRAINING_ON_TRN2
    return NOTES.get((framework, fact["model_type"]), "")


def _causal_models(wheel: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each model_type that generates text, and the plans of splitting that its configuration has."""
    with zipfile.ZipFile(wheel) as archive:
        plans = dict(_plans(archive))
        text = archive.read("transformers/models/auto/modeling_auto.py").decode()
        for table in ("MODEL_FOR_CAUSAL_LM_MAPPING_NAMES", "MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES"):
            for model in _keys(text, table):
                yield model, plans.get(model, [])


def _keys(text: str, name: str) -> Iterator[str]:
    for node in ast.parse(text).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=found)], value=ast.Call(args=[ast.List(elts=pairs)])) if found == name:
                yield from (ast.literal_eval(pair)[0] for pair in pairs)
            case _:
                pass


def _plans(archive: zipfile.ZipFile) -> Iterator[tuple[str, list[str]]]:
    for name in archive.namelist():
        if re.fullmatch(r"transformers/models/[a-z0-9_]+/configuration_[a-z0-9_]+\.py", name):
            for node in ast.walk(ast.parse(archive.read(name).decode())):
                if isinstance(node, ast.ClassDef):
                    yield from _plan(node)


def _plan(node: ast.ClassDef) -> Iterator[tuple[str, list[str]]]:
    said: dict[str, ast.expr] = {}
    for part in node.body:
        match part:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                said[name] = value
            case _:
                pass
    match said.get("model_type"):
        case ast.Constant(value=str() as model):
            plans = (("TP", "base_model_tp_plan"), ("PP", "base_model_pp_plan"), ("EP", "base_model_ep_plan"))
            yield model, [way for way, key in plans if isinstance(said.get(key), ast.Dict)]
        case _:
            pass


def write(catalog: dict[str, Any]) -> str:
    """The file's text: a fact a line, so that a change shows."""
    facts = ",\n".join(f"    {json.dumps(row, ensure_ascii=False)}" for row in catalog["facts"])
    rest = {key: value for key, value in catalog.items() if key != "facts"}
    text = json.dumps(rest, indent=1, ensure_ascii=False)
    return text[:-2] + f',\n "facts": [\n{facts}\n ]\n}}\n'


if __name__ == "__main__":
    TARGET.write_text(write(extract(*(Path(argument) for argument in sys.argv[1:4]))), encoding="utf-8")
