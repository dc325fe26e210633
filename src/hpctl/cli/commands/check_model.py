"""`hpctl check-model`: is a model supported, does it fit, how must it be split, what must be pinned."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.commands.doctor_options import FailOn
from hpctl.cli.completion import accelerated_types, models
from hpctl.cli.options import OutputOption, QueryOption, invocation
from hpctl.render.output import Output


class ModelTask(StrEnum):
    """What the model is wanted for."""

    PRETRAIN = "pretrain"
    FINETUNE = "finetune"
    LORA = "lora"
    INFERENCE = "inference"


ModelArgument = Annotated[
    str,
    typer.Argument(
        metavar="MODEL", autocompletion=models, help="Folder or config.json, name, Hub id, or family (Qwen3)."
    ),
]
TypesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--instance-type",
        "-t",
        metavar="TYPE",
        autocompletion=accelerated_types,
        help="Judge this type; give it again for more.",
    ),
]
TaskOption = Annotated[ModelTask, typer.Option("--task", help="What the model is wanted for.")]
NodesOption = Annotated[int | None, typer.Option("--nodes", min=1, help="So many nodes, not as few as it takes.")]
SeqLenOption = Annotated[int | None, typer.Option("--seq-len", min=1, help="Tokens of a sequence (else 4096).")]
GlobalBatchOption = Annotated[int | None, typer.Option("--global-batch", min=1, help="Sequences of a step.")]
MicroBatchOption = Annotated[
    int | None, typer.Option("--micro-batch", min=1, help="Sequences at once on a device (else 1).")
]
PrecisionOption = Annotated[
    str | None, typer.Option("--precision", metavar="REGIME", help="For example bf16-mixed, bf16, neuron-mixed.")
]
OptimizerOption = Annotated[str, typer.Option("--optimizer", metavar="NAME", help="For example adamw, lion.")]
ParallelOption = Annotated[
    str | None, typer.Option("--parallel", metavar="LAYOUT", help="Judge this split: tp=8,pp=2.")
]
RecomputeOption = Annotated[
    str | None, typer.Option("--recompute", metavar="MODE", help="none, attention, selective or full (else full).")
]
QuantizeOption = Annotated[
    str | None,
    typer.Option("--quantize", metavar="TYPE", help="Weights that are not trained: int8 or nf4 (QLoRA)."),
]
OffloadOption = Annotated[
    list[str] | None, typer.Option("--offload", metavar="WHAT", help="activations, optimizer or weights; repeat.")
]
LossOption = Annotated[
    str | None, typer.Option("--loss", metavar="KIND", help="fused, half, whole (else), kept or copied logits.")
]
ExplainOption = Annotated[bool, typer.Option("--explain", help="Show the formulas with the numbers in them.")]
HubOption = Annotated[bool, typer.Option("--hub", help="Ask the Hugging Face Hub for what is not on this machine.")]
FailOnOption = Annotated[FailOn, typer.Option("--fail-on", help="`warn`: caveats are exit code 21.")]


def check_model(
    ctx: typer.Context,
    model: ModelArgument,
    instance_type: TypesOption = None,
    task: TaskOption = ModelTask.FINETUNE,
    nodes: NodesOption = None,
    seq_len: SeqLenOption = None,
    global_batch: GlobalBatchOption = None,
    micro_batch: MicroBatchOption = None,
    precision: PrecisionOption = None,
    optimizer: OptimizerOption = "adamw",
    parallel: ParallelOption = None,
    recompute: RecomputeOption = None,
    quantize: QuantizeOption = None,
    offload: OffloadOption = None,
    loss: LossOption = None,
    explain: ExplainOption = False,
    hub: HubOption = False,
    fail_on: FailOnOption = FailOn.FAIL,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
) -> None:
    """Tell whether a model is supported, and on what it fits.

    With how to split it, and what to pin.

    For example: hpctl check-model Qwen/Qwen3-8B -t ml.trn1.32xlarge -t ml.p5.48xlarge

    Exit code 20 where it does not go on an instance type that is named, or on none of the usual ones.
    """
    from hpctl.estimate.training import Task
    from hpctl.services.model import answer as service
    from hpctl.services.model.question import Question, Threshold
    from hpctl.services.model.question import optimizer as known_optimizer
    from hpctl.services.model.savings import savings

    session = wiring.session(invocation(ctx))
    question = Question(
        Task(task),
        tuple(instance_type or ()),
        nodes,
        seq_len,
        global_batch,
        micro_batch,
        precision,
        known_optimizer(optimizer),
        parallel,
        savings(recompute, quantize, offload or (), loss),
    )
    detail = service.Detail.FORMULAS if explain else service.Detail.NUMBERS
    network = service.Network.ALLOWED if hub else service.Network.OFF
    report = service.answer(model, question, wiring.model_hub(), network, detail)
    session.show(report)
    service.demand(report, question, Threshold(fail_on))
