"""`hpctl job init`: a job file for a model, with the layout that fits, by questions or by flags."""

from __future__ import annotations

from typing import Annotated

import typer

from hpctl.cli import wiring
from hpctl.cli.commands.job.group import app
from hpctl.cli.completion import accelerated_types, models
from hpctl.cli.options import OutputOption, QueryOption, invocation
from hpctl.render.output import Output
from hpctl.render.terminal import write

Text = str | None


@app.command()
def init(
    ctx: typer.Context,
    model: Annotated[
        Text,
        typer.Option("--model", metavar="MODEL", autocompletion=models, help="As `hpctl check-model` takes it."),
    ] = None,
    instance_type: Annotated[
        Text,
        typer.Option(
            "--instance-type", "-t", metavar="TYPE", autocompletion=accelerated_types, help="What it shall run on."
        ),
    ] = None,
    task: Annotated[
        Text, typer.Option("--task", metavar="pretrain|finetune|lora", help="What the job does (else finetune).")
    ] = None,
    nodes: Annotated[Text, typer.Option("--nodes", metavar="N", help="So many nodes, not as few as it takes.")] = None,
    file: Annotated[
        Text, typer.Option("--file", "-f", metavar="FILE", help="New file for the job (else stdout).")
    ] = None,
    seq_len: Annotated[int | None, typer.Option("--seq-len", min=1, help="Tokens of a sequence (else 4096).")] = None,
    micro_batch: Annotated[int | None, typer.Option("--micro-batch", min=1, help="Sequences at once.")] = None,
    parallel: Annotated[str | None, typer.Option("--parallel", metavar="LAYOUT", help="This split: tp=8,pp=2.")] = None,
    hub: Annotated[
        bool, typer.Option("--hub", help="Ask the Hugging Face Hub for what is not on this machine.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: what flags leave open is as usual.")] = False,
    resume: Annotated[
        bool | None, typer.Option("--resume/--no-resume", help="Go on with the answers of last time, or begin anew.")
    ] = None,
    output: OutputOption = Output.TABLE,
    query: QueryOption = None,
) -> None:
    """Write a job file, with a layout on which a model fits.

    Exit code 20 where there is none. What flags leave open is asked in a terminal; with --model and --instance-type
    the file is printed.
    For example: hpctl job init --model Qwen/Qwen3-8B -t ml.p5.48xlarge > job.yaml
    """
    from hpctl.cli.wizard.conduct import Wizard, answers_of, file_taken, given_of
    from hpctl.estimate.training import Task
    from hpctl.services.model.identify import Network
    from hpctl.services.model.question import Question
    from hpctl.services.wizard import job as service

    session = wiring.session(invocation(ctx))
    said = Question(Task.FINETUNE, sequence=seq_len, micro_batch=micro_batch, parallel=parallel)
    shelf = service.Shelf(wiring.model_hub(), Network.ALLOWED if hub else Network.OFF, said)
    told = None not in (model, instance_type)
    ask = session.terminal.interactive and not yes and not told
    form = service.job_form(shelf, file_taken, to_file=ask or file is not None)
    given = given_of({one: ctx.params[one] for one in ("model", "task", "nodes", "instance_type", "file")})
    answers, draft = answers_of(session, Wizard(form, "job", lambda _all: None), given, ask=ask, resume=resume)
    text = shelf.text(answers)
    if "file" not in answers:
        write(session.terminal.stdout, text)
        return
    wiring.write_answers(answers["file"][0], text)
    if draft:
        draft.forget()
    session.show(service.written(form, answers, shelf.flags()))
