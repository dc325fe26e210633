"""What the command line may say about a development pod, beside what it may say about any job."""

from __future__ import annotations

from typing import Annotated

import typer

from hpctl.cli.durations import seconds

AcceleratorsOption = Annotated[
    str | None,
    typer.Option("--accelerators", "--gpus", metavar="[KIND:]COUNT", help="Accelerators, as H100:1 or 1."),
]
CpusOption = Annotated[float | None, typer.Option("--cpus", min=0.1, metavar="COUNT", help="CPUs (else its share).")]
MemoryOption = Annotated[
    float | None, typer.Option("--memory", min=0.1, metavar="GIB", help="Memory (else its share).")
]
IdleStopOption = Annotated[
    float | None,
    typer.Option("--idle-stop", parser=seconds, metavar="DURATION", help="Stop when unused for so long (60m)."),
]
ClaimOption = Annotated[
    str | None, typer.Option("--claim", metavar="NAME", help="Keep its files in a claim that is there.")
]
StorageOption = Annotated[
    int | None, typer.Option("--storage", min=1, metavar="GIB", help="Keep its files in a claim of its own.")
]
StorageClassOption = Annotated[
    str | None, typer.Option("--storage-class", metavar="NAME", help="Storage class of that claim.")
]
EphemeralOption = Annotated[bool, typer.Option("--ephemeral", help="Keep its files in the pod: they go when it stops.")]
WorkdirOption = Annotated[
    str, typer.Option("--workdir", metavar="FOLDER", help="What a new pod's working directory begins with.")
]
SyncOption = Annotated[bool, typer.Option("--sync/--no-sync", help="Bring the folder to a new pod.")]
