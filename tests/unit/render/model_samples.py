"""One of every report about models."""

from __future__ import annotations

from hpctl.report.model import (
    FamilyArchitecture,
    FamilyModel,
    FamilySupport,
    MemoryItem,
    ModelFacts,
    ModelFamilyReport,
    ModelLayout,
    ModelOnType,
    ModelReport,
    SupportVerdict,
)

PINNED = SupportVerdict(
    framework="optimum-neuron",
    version="optimum-neuron 0.4.5",
    status="supported",
    meaning="in the registry of a framework that is maintained, and released",
    sdk="2.26.1",
    pin="optimum-neuron 0.4.5 is built on Neuron SDK 2.26.1",
    access=None,
    lifecycle="training stays on SDK 2.26.1",
    parallelism=("DP", "TP", "PP"),
    degrees=(),
    note=None,
    source="optimum-neuron 0.4.5: auto_models.py",
)
NONE = PINNED.model_copy(
    update={"framework": "-", "status": "no", "sdk": None, "parallelism": (), "note": "nobody has it", "source": None}
)
FITS = ModelOnType(
    instance_type="ml.trn1.32xlarge",
    hyperpod=True,
    device="trn1",
    devices_per_node=32,
    device_memory_gib=16.0,
    outcome="warn",
    support=(PINNED,),
    framework="optimum-neuron",
    precision="neuron-bf16",
    nodes=1,
    layouts=(
        ModelLayout(
            layout="dp=4,tp=8,zero=1",
            nodes=1,
            micro_batch=1,
            gib=7.87,
            low_gib=6.7,
            high_gib=10.2,
            use_percent=49.2,
            stage=0,
            memory=(
                MemoryItem(name="weights", gib=1.91, formula="1,024,103,552 x 2 B / 1"),
                MemoryItem(name="logits", gib=0.87, formula="12 B x 151,936 x 4,096 tokens / 8"),
            ),
            cautions=(),
        ),
    ),
    limit="weights, 1.9 of 7.9 GiB: shard them",
    uncertainty="6.7 to 10.2 GiB: no measurement is public",
    caveats=("pin Neuron SDK 2.26.1: optimum-neuron 0.4.5 is built on Neuron SDK 2.26.1",),
    reasons=(),
    alternatives=(),
    explanation=("weights  1.91 GiB = 1,024,103,552 x 2 B / 1",),
)
FAILS = FITS.model_copy(
    update={
        "instance_type": "ml.inf2.48xlarge",
        "hyperpod": False,
        "device": "inf2",
        "outcome": "fail",
        "support": (NONE,),
        "framework": None,
        "nodes": None,
        "layouts": (),
        "uncertainty": None,
        "caveats": ("not a HyperPod instance type: CreateCluster does not take it",),
        "reasons": ("nobody has it",),
        "alternatives": ("NVIDIA GPUs: transformers with PyTorch (supported)",),
        "explanation": (),
    }
)
MODEL = ModelReport(
    model=ModelFacts(
        name="Qwen/Qwen3-30B-A3B",
        origin="./qwen/config.json",
        model_type="qwen3_moe",
        architecture="Qwen3MoeForCausalLM",
        parameters=30_532_122_624,
        active_parameters=3_353_032_704,
        layers=48,
        hidden=2048,
        vocabulary=151_936,
        max_positions=40_960,
        tied=False,
    ),
    task="finetune",
    sequence=4096,
    settings="4,096 tokens, micro-batch 1, adamw, bf16-mixed",
    notes=("its weights are stored in MXFP4",),
    instance_types=(FITS, FAILS),
)
ONE_TYPE = MODEL.model_copy(update={"instance_types": (FITS,), "notes": ()})
FAMILY = ModelFamilyReport(
    family="Qwen3",
    notes=("Qwen3-VL is another architecture",),
    architectures=(
        FamilyArchitecture(
            model_type="qwen3",
            models=(
                FamilyModel(
                    name="Qwen/Qwen3-8B",
                    model_type="qwen3",
                    parameters=8_190_735_360,
                    active_parameters=8_190_735_360,
                ),
                FamilyModel(name="Qwen/Qwen3-X", model_type="qwen3", parameters=None, active_parameters=None),
            ),
            support=(
                FamilySupport(
                    task="pretrain", device="trn1", status="supported", framework="optimum-neuron", sdk="2.26.1"
                ),
                FamilySupport(task="inference", device="trn3", status="no", framework="-", sdk=None),
            ),
        ),
    ),
)
EVERY_MODEL_REPORT = {"model": MODEL, "model-on-one-type": ONE_TYPE, "model-family": FAMILY}
