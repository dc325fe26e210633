"""What the command line may say about a job that is submitted."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hpctl.cli import wiring

if TYPE_CHECKING:
    from hpctl.spec.job_wish import JobOverrides


class Kind(StrEnum):
    """The kinds of object that a job can be compiled to."""

    PYTORCH_JOB = "PyTorchJob"
    HYPERPOD_PYTORCH_JOB = "HyperPodPyTorchJob"
    JOB_SET = "JobSet"
    JOB = "Job"


WordsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE | -- COMMAND...",
        show_default=False,
        help="Job in hpctl's YAML, SkyPilot task, Kubernetes manifest or sbatch script (- is stdin), or a command.",
    ),
]
NameOption = Annotated[str | None, typer.Option("--name", metavar="NAME", help="Name of the job.")]
NodesOption = Annotated[int | None, typer.Option("--nodes", min=1, metavar="COUNT", help="Nodes of the job.")]
AcceleratorsOption = Annotated[
    str | None,
    typer.Option("--accelerators", "--gpus", metavar="KIND:COUNT", help="Accelerators of each node, as H100:8."),
]
InstanceTypeOption = Annotated[
    str | None, typer.Option("--instance-type", metavar="TYPE", help="Instance type of the nodes.")
]
ImageOption = Annotated[str | None, typer.Option("--image", metavar="IMAGE", help="Container image.")]
EnvOption = Annotated[
    list[str] | None,
    typer.Option("--env", metavar="NAME[=VALUE]", help="Variable (no value: this shell's); again for more."),
]
SecretOption = Annotated[
    list[str] | None,
    typer.Option("--secret", metavar="NAME[=@FILE]", help="Secret, its value from this shell or a file; again."),
]
WorkdirOption = Annotated[
    str | None, typer.Option("--workdir", metavar="FOLDER", help="Folder to take along as the working directory.")
]
IncludeSensitiveOption = Annotated[
    bool, typer.Option("--include-sensitive", help="Take files along that look like credentials.")
]
QueueOption = Annotated[
    str | None, typer.Option("--queue", "--partition", metavar="NAME", help="Kueue queue; on Slurm the partition.")
]
PriorityOption = Annotated[
    str | None, typer.Option("--priority", metavar="NAME", help="Priority class of the queue; on Slurm the QOS.")
]
KindOption = Annotated[Kind | None, typer.Option("--kind", help="Kind of object (else what the cluster serves best).")]
YesOption = Annotated[
    bool, typer.Option("--yes", "-y", help="For scripts that give it everywhere: submitting asks nothing.")
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Judge and show it, and stop; with -o yaml the manifests.")
]
WaitOption = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until the job has ended.")]
FollowOption = Annotated[bool, typer.Option("--follow", "-f", help="Show its logs until it has ended.")]


_AS_SAID = (
    "name",
    "namespace",
    "nodes",
    "accelerators",
    "instance_type",
    "image",
    "queue",
    "priority",
    "workdir",
)


def overrides(said: Mapping[str, Any]) -> JobOverrides:
    """Return what the parameters of `submit` change in the job's file."""
    from hpctl.services.job.secrets import secret_names
    from hpctl.spec.job_wish import JobOverrides

    return JobOverrides(
        **{name: said[name] for name in _AS_SAID},
        env=wiring.variables(said["env"] or ()),
        secrets=secret_names(said["secret"] or ()),
    )
