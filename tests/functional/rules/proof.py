"""How a row is proved: hpctl refuses, AWS would have failed, and the remedy that hpctl shows makes both green."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from string import Template
from typing import Any

from hpctl.errors import ExitCode
from tests.functional.cli import specs
from tests.functional.cli.account import PATIENCE_S, Account
from tests.functional.rules.inside import HpctlInside
from tests.functional.rules.plant import good_script, settle_eks
from tests.functional.rules.rule import Ending, Rule

Results = list[dict[str, Any]]
"""What checks found, as `-o json` tells it."""

MOST_ROUNDS = 7
_COMMAND = re.compile(r"(?:aws|sed) ")


class Proof:
    """One row, planted in an account; clusters that it makes carry `name`."""

    def __init__(self, rule: Rule, hpctl: HpctlInside, account: Account, name: str) -> None:
        """Make what the row needs in the account."""
        self._rule = rule
        self._account = account
        self._name = name
        self._planted = dict(rule.plant(account))
        self._hpctl = replace(hpctl, env={**hpctl.env, **self._planted})
        self._file = specs.write(hpctl.folder, rule.broken(name))

    def text(self, template: str) -> str:
        """Return a text of the row with the values that names stand for."""
        return Template(template).substitute({**self._hpctl.env, "NAME": self._name})

    def holds(self, aws_cli: Callable[[], Path]) -> None:
        """Prove the row; the AWS CLI is only asked for when commands are to be run."""
        shown = self.found()
        self.refuses()
        self.fails()
        self.clear(self._name)
        file = specs.write(self._hpctl.folder, self._rule.mended(self._name))
        if not self._rule.mend:
            self.follow(shown, aws_cli())
        # What else is so may stay so: the remedy is one against the fault.
        assert (odd := unwell(self._judged(file))).items() <= dict(self._rule.also).items(), odd
        self._hpctl("cluster", "create", "-f", file, "--yes")
        assert self._account.statuses()[self._name] == "InService"

    def found(self) -> Results:
        """`doctor` finds what the row says and nothing else, and tells what to do; returns what it found."""
        results = self._judged(self._file)
        fault = {self._rule.check: "fail"} if self._rule.check else {}
        assert (odd := unwell(results)) == fault | dict(self._rule.also), odd
        if self._rule.check:
            findings = next(row for row in results if row["id"] == self._rule.check)["findings"]
            assert all(finding["remedy"] for finding in findings)
            assert self.text(self._rule.remedy) in "\n".join(finding["remedy"] for finding in findings)
        return results

    def refuses(self) -> None:
        """`create` ends before anything is made, and names the check."""
        if self._rule.check:
            told = self._hpctl("cluster", "create", "-f", self._file, "--yes", ends=ExitCode.CHECKS_FAILED)
            assert f"checks failed: `{self._rule.check}`" in told.err
            assert self._name not in self._account.statuses()

    def fails(self) -> None:
        """With the check left out, `create` goes on and ends in AWS's words."""
        left_out = ("--skip", self._rule.check, *self._rule.beside) if self._rule.check else ()
        words = ("cluster", "create", "-f", self._file, "--yes", "--timeout", "20s", *left_out)
        told = self._hpctl(*words, ends=ExitCode.CHECKS_FAILED)
        said = " ".join(told.err[told.err.rindex("error: ") :].split())
        # A sentence of hpctl has no full stop, AWS's included.
        assert self.text(self._rule.words).removesuffix(".") in said, said
        if self._rule.ending is Ending.FAILS:
            assert f"cluster `{self._name}` cannot get into service" in said
        else:
            assert f"`{self._rule.ending.value}`" in said
            assert self._name not in self._account.statuses()
        if self._rule.explained:
            self.is_explained(told.err)

    def is_explained(self, told: str) -> None:
        """`explain` names the cause: of what `create` printed, and of the cluster while it is there."""
        text = self._hpctl("explain", "-", "-o", "json", stdin=told).json()
        assert (first := first_known(text)) == self._rule.explained, first
        if self._rule.ending is Ending.FAILS:
            cluster = self._hpctl("explain", self._name, "-o", "json", ends=ExitCode.CHECKS_FAILED).json()
            assert (first := first_known(cluster)) == (self._rule.by_logs or self._rule.explained), first

    def follow(self, results: Results, aws_cli: Path) -> None:
        """Run the commands that hpctl shows, until it shows no more."""
        script = good_script(self._account)
        for path in (self._hpctl.folder / "on_create.sh", self._hpctl.folder / "lifecycle" / "on_create.sh"):
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(script)
        for _round in range(MOST_ROUNDS):
            if not (commands := list(_commands(results))):
                return
            for command in commands:
                self._run(command, aws_cli)
            settle_eks(self._account)
            results = self._judged(self._file)
        raise AssertionError(commands)

    def clear(self, *names: str) -> None:
        """Delete these clusters, where they are, and wait until they are gone."""
        sagemaker, end = self._account.client("sagemaker"), time.monotonic() + PATIENCE_S
        while mine := {one: status for one, status in self._account.statuses().items() if one in names}:
            for one, status in mine.items():
                if status in ("InService", "Failed"):
                    sagemaker.delete_cluster(ClusterName=one)
            assert time.monotonic() < end, mine
            time.sleep(0.1)

    def _judged(self, file: str) -> Results:
        ended = self._hpctl("doctor", "-f", file, "-o", "json", ends=None)
        assert ended.code in (ExitCode.OK, ExitCode.CHECKS_FAILED, ExitCode.CHECKS_UNKNOWN), ended
        results: Results = ended.json()["results"]
        return results

    def _run(self, command: str, aws_cli: Path) -> None:
        env = {**self._hpctl.env, "PATH": f"{aws_cli.parent}:{self._hpctl.env['PATH']}"}
        subprocess.run(["/bin/bash", "-euc", command], env=env, cwd=self._hpctl.folder, check=True, capture_output=True)


def unwell(results: Results) -> dict[str, str]:
    """Return what neither passed nor had to be skipped, with its outcome."""
    return {row["id"]: row["outcome"] for row in results if row["outcome"] not in ("pass", "skip")}


def first_known(explained: Any) -> str | None:
    """Return the failure that is named first, None where the words are not known."""
    named = explained["explanations"]
    return named[0]["known"]["failure"] if named and named[0]["known"] else None


def _commands(results: Results) -> Iterator[str]:
    for row in results:
        for finding in row["findings"]:
            if finding["level"] in ("fail", "warn"):
                yield from filter(_COMMAND.match, finding["remedy"].splitlines())
