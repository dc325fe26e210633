"""The model of a job, as far as somebody says it: judged before the job is submitted, and nothing of what runs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hpctl.spec.limits import OrPlaceholder
from hpctl.spec.model import SpecModel

Count = Annotated[int, Field(ge=1, strict=True), OrPlaceholder()]


class ModelWish(SpecModel):
    """The model that a job trains, and how; the words are those of `hpctl check-model`, and so is what goes without."""

    name: Annotated[str, Field(min_length=1)] = Field(
        description="Hub id or other name; a folder with `config.json` begins with `./` (from this file) or `/`"
    )
    task: Literal["pretrain", "finetune", "lora", "inference"] = Field("finetune", description="What is done with it")
    parallel: str | None = Field(None, description="How it is split over all nodes, as `tp=8,pp=2`")
    seq_len: Count | None = Field(None, description="Tokens of a sequence; 4096 without")
    global_batch: Count | None = Field(None, description="Sequences of a step")
    micro_batch: Count | None = Field(None, description="Sequences at once on a device; 1 without")
    precision: str | None = Field(None, description="As `bf16-mixed`; the framework's usual one without")
    optimizer: str = Field("adamw", description="As `lion`; what it keeps counts")
    recompute: str | None = Field(None, description="`none`, `attention`, `selective` or `full`; `full` without")
    quantize: str | None = Field(None, description="Weights that are not trained: `int8` or `nf4` (QLoRA)")
    offload: tuple[str, ...] = Field((), description="What lies on the host: `activations`, `optimizer`, `weights`")
    loss: str | None = Field(None, description="`fused` where no whole logits are kept")
