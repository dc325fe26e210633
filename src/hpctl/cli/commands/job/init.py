"""`hpctl job init`: a job file for a model, with the layout that fits."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.commands.job.group import app
from hpctl.cli.completion import accelerated_types, models
from hpctl.render.terminal import Terminal, write


class TrainingTask(StrEnum):
    """What a job does with a model."""

    PRETRAIN = "pretrain"
    FINETUNE = "finetune"
    LORA = "lora"


@app.command()
def init(
    model: Annotated[
        str,
        typer.Option("--model", metavar="MODEL", autocompletion=models, help="As `hpctl check-model` takes it."),
    ],
    instance_type: Annotated[
        str,
        typer.Option(
            "--instance-type", "-t", metavar="TYPE", autocompletion=accelerated_types, help="What it shall run on."
        ),
    ],
    task: Annotated[TrainingTask, typer.Option("--task", help="What the job does.")] = TrainingTask.FINETUNE,
    nodes: Annotated[int | None, typer.Option("--nodes", min=1, help="So many nodes, not as few as it takes.")] = None,
    seq_len: Annotated[int | None, typer.Option("--seq-len", min=1, help="Tokens of a sequence (else 4096).")] = None,
    micro_batch: Annotated[int | None, typer.Option("--micro-batch", min=1, help="Sequences at once.")] = None,
    parallel: Annotated[str | None, typer.Option("--parallel", metavar="LAYOUT", help="This split: tp=8,pp=2.")] = None,
    hub: Annotated[
        bool, typer.Option("--hub", help="Ask the Hugging Face Hub for what is not on this machine.")
    ] = False,
) -> None:
    """Print a job file with the layout on which a model fits; exit code 20 where there is none.

    For example: hpctl job init --model Qwen/Qwen3-8B -t ml.p5.48xlarge > job.yaml
    """
    from hpctl.estimate.training import Task
    from hpctl.services.model import answer as service
    from hpctl.services.model.question import Question

    question = Question(
        Task(task), (instance_type,), nodes, sequence=seq_len, micro_batch=micro_batch, parallel=parallel
    )
    network = service.Network.ALLOWED if hub else service.Network.OFF
    write(Terminal.current().stdout, service.draft(model, question, wiring.model_hub(), network))
