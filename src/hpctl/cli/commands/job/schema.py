"""`hpctl job schema`: hpctl's job YAML, for editors."""

from __future__ import annotations

from hpctl.cli.commands.job.group import app
from hpctl.render.terminal import Terminal, write


@app.command()
def schema() -> None:
    """Print the JSON Schema of hpctl's job YAML."""
    from hpctl.render.data import pretty
    from hpctl.spec.json_schema import job_schema

    write(Terminal.current().stdout, pretty(job_schema()))
