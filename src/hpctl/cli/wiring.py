"""Where ports meet adapters (with `wiring_local`, and nowhere else), and where a command line meets its spec file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hpctl.errors import UnconfirmedError, UsageError
from hpctl.render.output import Output
from hpctl.render.terminal import Terminal

if TYPE_CHECKING:
    from hpctl.cli.invocation import Invocation
    from hpctl.facts.draft_ports import Draft
    from hpctl.facts.jobs import ObjectKind
    from hpctl.facts.listener_ports import Listener
    from hpctl.facts.local_files import LocalFiles, Sensitive
    from hpctl.facts.model_ports import ModelHub
    from hpctl.facts.ports import Ports
    from hpctl.facts.records import Machine
    from hpctl.facts.script_ports import Shell
    from hpctl.facts.session_ports import Tunnel
    from hpctl.facts.skill_ports import Folder
    from hpctl.facts.world import World
    from hpctl.report.base import Report
    from hpctl.services.job.prepare import Asked
    from hpctl.services.node_copy import Road
    from hpctl.services.node_ssh import Program as SshProgram
    from hpctl.spec.job_wish import JobOverrides, LoadedJob
    from hpctl.spec.load import Loaded

_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Session:
    """One command's way to AWS and to its terminal; nothing is opened before it is asked for."""

    said: Invocation
    terminal: Terminal
    region_of_spec: str | None = None

    @cached_property
    def ports(self) -> Ports:
        """The ports, over one AWS session."""
        from hpctl.adapters.aws.session import AwsSession
        from hpctl.adapters.ports import ports_over
        from hpctl.render.notices import say, say_between

        aws = AwsSession(
            profile=self.said.profile,
            region=self.said.region or self.region_of_spec,
            log=(lambda line: say(line, self.terminal)) if self.said.verbose else None,
        )
        return ports_over(aws, os.environ, lambda line: say_between(line, self.terminal))

    @cached_property
    def world(self) -> World:
        """The facts, over the ports."""
        from hpctl.facts.world import World

        return World(self.ports)

    def world_or_reason(self) -> World:
        """The facts; where there is no way to ask, such as without a Region, the reason answers every question."""
        from hpctl.facts.world import World

        try:
            return self.world
        except UsageError as error:
            return World(error)

    def cluster(self, name: str | None) -> str:
        """Return `name`, or the name of the only cluster of the Region, saying so."""
        from hpctl.render.notices import say
        from hpctl.services.pick import only_cluster

        if name:
            return name
        with self.looking_at(f"the clusters in {self.ports.region}"):
            only = only_cluster(self.ports.clusters, self.ports.region)
        say(f"cluster: {only} (the only one in {self.ports.region})", self.terminal)
        return only

    def looking_at(self, what: str) -> AbstractContextManager[None]:
        """Tell the person what is looked at, where that takes longer than a moment; nothing else is said meanwhile."""
        from hpctl.render.looking import looking

        return nullcontext() if self.said.verbose else looking(f"looking at {what}", self.terminal)

    def show(self, report: Report) -> None:
        """Write the report as `-o` and `--query` say."""
        from hpctl.render.show import show

        show(report, self.said.output, self.said.query, self.terminal)
        note_names(self.said, report)

    def say(self, line: str) -> None:
        """Tell the person something beside the answer."""
        from hpctl.render.notices import say

        say(line, self.terminal)

    def suggest(self, command: str) -> None:
        """Name the next command to somebody who sits at the terminal and reads the table."""
        if self.terminal.interactive and self.said.output is Output.TABLE and self.said.query is None:
            self.say(f"\nnext: {command}")

    def show_beside(self, report: Report) -> None:
        """Write the report for the person on stderr: stdout is kept for the command's own answer."""
        from dataclasses import replace

        from hpctl.render.show import show

        show(report, Output.TABLE, None, replace(self.terminal, stdout=self.terminal.stderr))

    def show_to_machines(self, report: Report) -> None:
        """Write the report to stdout where it is asked for: with `-o json`, `yaml` and `jsonl`, or by a query."""
        if self.said.query is not None or self.said.output in (Output.JSON, Output.YAML, Output.JSONL):
            self.show(report)

    def demand_somebody(self, flag: str) -> None:
        """Raise `UnconfirmedError` at once when a question could not be answered."""
        if not self.terminal.interactive:
            raise UnconfirmedError("this asks for confirmation, and there is nobody to ask", hint=f"add {flag}")

    def confirm(self, question: str) -> None:
        """Ask a yes-or-no question; `UnconfirmedError` for anything but yes."""
        if self.ask(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
            raise UnconfirmedError("not confirmed; nothing was changed")

    def ask(self, question: str) -> str:
        """Return what the person answers."""
        from hpctl.render.notices import ask

        return ask(question, self.terminal)


def note_names(said: Invocation, report: Report) -> None:
    """Keep the names that a report tells, for the shell to complete."""
    import time

    from hpctl.adapters.local.seen import SeenNames
    from hpctl.services.seen_names import TELLING, names_gone, names_in

    if report.kind not in TELLING:
        return
    names = SeenNames(os.environ, said.profile, said.region)
    names.note(names_in(report), names_gone(report), time.time())


def seen_names(said: Invocation, kind: str, cluster: str | None) -> list[str]:
    """Return names that reports have told lately: of a kind, and of one cluster or of all."""
    import time

    from hpctl.adapters.local.seen import SeenNames

    return SeenNames(os.environ, said.profile, said.region).names(kind, cluster, time.time())


def session(said: Invocation, *, region_of_spec: str | None = None) -> Session:
    """Open a session for this invocation; `UsageError` when its `--query` cannot be used."""
    from hpctl.render.data import check_query

    check_query(said.query, said.output)
    return Session(said, Terminal.current(), region_of_spec)


def load(file: str, name: str | None, values: list[str] | None) -> Loaded:
    """Load a cluster spec from a file, or from stdin for `-`; `SpecError` lists everything wrong with it."""
    from hpctl.spec.load import load_cluster
    from hpctl.spec.source import TextSource

    source = TextSource("<stdin>", sys.stdin.read()) if file == "-" else Path(file)
    return load_cluster(source, env=os.environ, set_values=assignments(values or ()), name=name)


def chunks_of(file: str) -> Iterator[bytes]:
    """Yield what a file holds, or stdin for `-`, part by part; `UsageError` when it cannot be read."""
    try:
        if file == "-":
            yield from iter(lambda: sys.stdin.buffer.read(_CHUNK), b"")
            return
        with Path(file).open("rb") as log:
            yield from iter(lambda: log.read(_CHUNK), b"")
    except OSError as error:
        raise UsageError(f"`{file}` cannot be read: {error.strerror}") from error


def load_job(file: str | None, command: Sequence[str], values: Sequence[str], overrides: JobOverrides) -> LoadedJob:
    """Load a job from a file, from stdin for `-`, or from a command; `SpecError` lists everything wrong with it."""
    from hpctl.spec.job_load import command_job
    from hpctl.spec.job_load import load_job as load
    from hpctl.spec.source import TextSource

    if file is None:
        return command_job(command, overrides=overrides)
    source = TextSource("<stdin>", sys.stdin.read()) if file == "-" else Path(file)
    return load(source, env=os.environ, set_values=assignments(tuple(values)), overrides=overrides)


def variables(words: Sequence[str]) -> dict[str, str]:
    """Return `NAME=VALUE` words as a mapping; a word without `=` takes the value from the environment.

    Raises `UsageError` for one that the environment does not have.
    """
    pairs = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals and name not in os.environ:
            raise UsageError(f"`--env {word}` has no value, and neither has this shell", hint=f"--env {name}=VALUE")
        pairs[name] = value if equals else os.environ[name]
    return pairs


def asked(words_of_secrets: Sequence[str], kind: ObjectKind | None, sensitive: Sensitive) -> Asked:
    """Return how a job is to be submitted: by whom, and with which chance of its own."""
    import secrets
    from uuid import uuid4

    from hpctl.adapters.local.machine import this_user
    from hpctl.services.job.prepare import Asked

    return Asked(
        run_id=uuid4().hex,
        user=this_user(),
        env=os.environ,
        seed=secrets.token_bytes(32),
        secrets=tuple(words_of_secrets),
        kind=kind,
        sensitive=sensitive,
        models=model_hub(),
    )


def local_files() -> LocalFiles:
    """Return the files of this machine, below the current folder."""
    from hpctl.adapters.local.workdir import WorkingFiles

    return WorkingFiles(Path.cwd(), Path.home())


@contextmanager
def copying(session: Session) -> Iterator[Road]:
    """Let files be copied between this machine and nodes; the person sees how far it is."""
    from hpctl.adapters.local.packing import TarCopies
    from hpctl.render.node_copies import CopyProgress
    from hpctl.services.node_copy import Road

    progress = CopyProgress(session.terminal)
    try:
        yield Road(TarCopies(Path.cwd(), Path.home()), session.ports.sessions, progress.passed)
    finally:
        progress.end()


def listener(address: str, port: int) -> Listener:
    """Listen on a port of this machine; `ConflictError` when it is taken, `UsageError` when that cannot be."""
    from hpctl.adapters.local.listener import SocketListener

    return SocketListener(address, port)


def standard_streams() -> Tunnel:
    """Return standard input and output as one connection."""
    from hpctl.adapters.local.standard_streams import StandardStreams

    return StandardStreams()


def program_for_ssh(session: Session) -> SshProgram:
    """Return how ssh runs this hpctl: wherever it is started, for the same account and Region."""
    from hpctl.adapters.local.machine import this_program
    from hpctl.adapters.local.private import make_folder, records_home
    from hpctl.services.node_ssh import Program

    records = records_home(os.environ)
    make_folder(records)
    profile = session.said.profile or os.environ.get("AWS_PROFILE")
    flags = {"--profile": profile} if profile else {}
    return Program(this_program(), {**flags, "--region": session.ports.region}, str(records / "known_hosts"))


def skill_folder(place: Path) -> Folder:
    """Return a folder of this machine that a skill is written to."""
    from hpctl.adapters.local.skillfolder import SkillFolder

    return SkillFolder(place)


def shell() -> Shell:
    """Return the Bash of this machine."""
    from hpctl.adapters.local.bash import LocalBash

    return LocalBash()


def model_hub() -> ModelHub:
    """Return the Hugging Face cache of this machine, and the Hub behind it."""
    from hpctl.adapters.local.hub import LocalHub

    return LocalHub(os.environ)


def draft(kind: str) -> Draft:
    """Return the draft of a wizard's answers."""
    from hpctl.adapters.local.drafts import DraftFile

    return DraftFile(kind, os.environ)


def write_answers(file: str, text: str) -> None:
    """Write what a wizard was told, whole or not at all; `UsageError` says why it cannot be written."""
    from hpctl.adapters.local.planfile import SPEC, write

    write(Path(file), text, SPEC)


def assignments(words: list[str] | tuple[str, ...]) -> dict[str, str]:
    """Return `VAR=VALUE` words as a mapping; `UsageError` for a word without `=`."""
    pairs = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise UsageError(f"`--set {word}` has no value", hint="write --set VAR=VALUE")
        pairs[key] = value
    return pairs


def eks_token(cluster: str, *, profile: str | None, region: str | None) -> tuple[str, datetime]:
    """Return a bearer token for an EKS cluster, and until when it is good; nothing else is opened for it."""
    from hpctl.adapters.aws.session import AwsSession
    from hpctl.adapters.kube.token import dated_token
    from hpctl.adapters.local.clock import SystemClock

    now = SystemClock().now()
    token = dated_token(AwsSession(profile=profile, region=region), cluster, now)
    return token.text, token.good_until


def run_program(argv: Sequence[str], folder: Path) -> int:
    """Run a program in the foreground and return its exit code."""
    from hpctl.adapters.local.process import run

    return run(argv, folder=folder)


def machine() -> Machine:
    """Return the machine that hpctl runs on."""
    from hpctl.adapters.local.machine import this_machine

    return this_machine()


def keep_crash(error: BaseException) -> Path:
    """Keep the traceback of a bug in a private file and return its path."""
    from hpctl.adapters.local.crash import keep

    return keep(error, os.environ)
