"""Create a job and what its pods need: all of it, or nothing, and never twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hpctl import timeouts
from hpctl.compile.bundle import Bundle, Manifest
from hpctl.errors import AccessError, ConflictError, HpctlError, NotFoundError, UnavailableError
from hpctl.facts.job_ports import JobObjects
from hpctl.facts.jobs import RUN_ID_LABEL
from hpctl.facts.ports import Clock, Ports
from hpctl.report.job import JobOutcomeReport
from hpctl.services.job.occupied import Occupant, is_as_wanted, occupant
from hpctl.services.job.prepare import Prepared
from hpctl.services.job.where import Where

_TRIES: Final = 3
"""How often one object is created, when no answer tells whether it was."""


class UnseenError(UnavailableError):
    """Nobody can say whether the job was created."""

    code = "unavailable"


def ask_server(prepared: Prepared, at: Where, ports: Ports) -> None:
    """Let the server judge every object, and keep none; raises what creating them would raise."""
    bundle = _bundle(prepared)
    creation = _Creation(at, ports.jobs, ports.clock, prepared.report.run_id, prepared.report.job, prepared.owned)
    creation.demand_no_job(bundle.job)
    for manifest in (*bundle.before, bundle.job):
        try:
            ports.jobs.create(at.eks, manifest.kind, manifest.body, dry_run=True)
        except ConflictError as error:
            if manifest is bundle.job:
                raise creation.taken(manifest) from error
            creation.demand_free(manifest)


def submit(prepared: Prepared, at: Where, ports: Ports) -> JobOutcomeReport:
    """Create the objects, the job last, and let the job own the others; a first Ctrl-C waits for the end of that.

    Raises:
        ConflictError: there is a job of that name, or an object that belongs to something else.
        HpctlError: what Kubernetes refused; what was made until then is deleted again.
    """
    bundle = _bundle(prepared)
    creation = _Creation(at, ports.jobs, ports.clock, prepared.report.run_id, prepared.report.job, prepared.owned)
    with ports.signals.held_back():
        job = creation.carry_out(bundle)
    kind, name = bundle.job.kind.kind.lower(), str(job["metadata"]["name"])
    return JobOutcomeReport(
        verb="submit",
        result="submitted",
        cluster=at.cluster,
        namespace=at.namespace,
        job=f"{kind}/{name}",
        uid=str(job["metadata"].get("uid") or ""),
        notes=tuple(creation.notes),
        next_steps=(
            f"hpctl job logs {name} --follow {at.flags}",
            f"hpctl job describe {name} {at.flags}",
            f"hpctl job cancel {name} {at.flags}",
        ),
    )


def _bundle(prepared: Prepared) -> Bundle:
    if prepared.bundle is None:
        raise prepared.refusal or AssertionError
    return prepared.bundle


@dataclass(slots=True)
class _Creation:
    """One submission at work; `made` is what it created, in order."""

    at: Where
    jobs: JobObjects
    clock: Clock
    run_id: str
    job: str
    owned: bool
    made: list[tuple[Manifest, Mapping[str, Any]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def carry_out(self, bundle: Bundle) -> Mapping[str, Any]:
        """Create everything and return the job."""
        self.demand_no_job(bundle.job)
        try:
            for manifest in bundle.before:
                self._put_before(manifest)
            job = self._put_job(bundle.job)
        except UnseenError:  # pods of a job that may be there need what was made
            raise
        except HpctlError as error:
            self._undo(error)
            raise
        if self.owned:
            self._hand_over(bundle.job, job)
        return job

    def demand_no_job(self, manifest: Manifest) -> None:
        """Raise `ConflictError` when another submission's job has the name, before anything is made for this one."""
        if "name" not in manifest.body["metadata"]:
            return
        try:
            found = self._there(manifest)
        except AccessError:  # who may not look may be allowed to create, and is told then
            return
        if found and self._labels(found).get(RUN_ID_LABEL) != self.run_id:
            raise self.taken(manifest)

    def demand_free(self, manifest: Manifest) -> None:
        """Raise `ConflictError` when the object that has the name stands in the way; else it is gone on with."""
        there = self.jobs.read(self.at.eks, manifest.kind, self.at.namespace, manifest.name)
        if not self.owned and is_as_wanted(there, manifest.body):
            return
        found = occupant(there, self.job.rpartition("/")[2], self.at, self.jobs) if self.owned else Occupant.STRANGER
        if found is Occupant.LEFT_OVER:
            return
        what = f"{manifest.kind.kind.lower()} `{manifest.name}`"
        if found is Occupant.OF_A_JOB:
            raise ConflictError(
                f"{what} in namespace `{self.at.namespace}` belongs to a job that is there already",
                hint=f"look at it: hpctl job list {self.at.flags}\nor choose another name: --name NAME",
            )
        raise ConflictError(
            f"there is another {what} in namespace `{self.at.namespace}`, which hpctl did not make for this job",
            hint="choose another name: --name NAME"
            if self.owned
            else "make it as the file says: kubectl apply -f FILE",
        )

    def taken(self, manifest: Manifest) -> ConflictError:
        """Return the error for a job whose name is in use."""
        return ConflictError(
            f"there is a {manifest.kind.kind} `{manifest.name}` in namespace `{self.at.namespace}` already",
            hint=f"look at it: hpctl job describe {manifest.name} {self.at.flags}\n"
            f"delete it: hpctl job delete {manifest.name} {self.at.flags}\n"
            f"or choose another name{': --name NAME' if self.owned else ' in the file'}",
        )

    def _put_before(self, manifest: Manifest) -> None:
        try:
            found = self._put(manifest)
        except ConflictError:
            self.demand_free(manifest)
            if not self.owned:  # it is there as the file wants it
                return
            self._clear(manifest)
            found = self._put(manifest)
        self.made.append((manifest, found))

    def _put_job(self, manifest: Manifest) -> Mapping[str, Any]:
        try:
            return self._put(manifest)
        except ConflictError as error:
            raise self.taken(manifest) from error

    def _put(self, manifest: Manifest) -> Mapping[str, Any]:
        """Create an object; one that a lost answer was about is recognised by the label of this submission."""
        for tried in range(1, _TRIES + 1):
            try:
                return self.jobs.create(self.at.eks, manifest.kind, manifest.body)
            except (ConflictError, UnavailableError) as error:
                if found := self._landed(manifest, error):
                    return found
                if isinstance(error, ConflictError) or tried == _TRIES:
                    raise
                self.clock.sleep(timeouts.AGAIN_S * self.clock.jitter())
        raise AssertionError  # the last try returns or raises

    def _landed(self, manifest: Manifest, lost: HpctlError) -> Mapping[str, Any] | None:
        try:
            found = self._there(manifest)
        except UnavailableError as error:
            raise UnseenError(
                f"whether {manifest.kind.kind.lower()} `{manifest.name}` was created could not be seen: {lost.message}",
                hint=f"see what is there: hpctl job list {self.at.flags}\nand run the same command again",
            ) from error
        return found if self._labels(found).get(RUN_ID_LABEL) == self.run_id else None

    @staticmethod
    def _labels(found: Mapping[str, Any]) -> Mapping[str, str]:
        return (found.get("metadata") or {}).get("labels") or {}

    def _there(self, manifest: Manifest) -> Mapping[str, Any]:
        if "name" not in manifest.body["metadata"]:
            ours = self.jobs.objects(self.at.eks, manifest.kind, self.at.namespace, f"{RUN_ID_LABEL}={self.run_id}")
            return next(iter(ours), {})
        try:
            return self.jobs.read(self.at.eks, manifest.kind, self.at.namespace, manifest.name)
        except NotFoundError:
            return {}

    def _clear(self, manifest: Manifest) -> None:
        """Delete what a submission that never came to its end, or a job that is gone, left under this name."""
        there = self.jobs.read(self.at.eks, manifest.kind, self.at.namespace, manifest.name)
        uid = str(there["metadata"].get("uid") or "")
        self.jobs.delete(self.at.eks, manifest.kind, self.at.namespace, manifest.name, uid=uid)

    def _undo(self, error: HpctlError) -> None:
        """Delete what was made; what cannot be deleted is named in the error that is about to be told."""
        left = []
        for manifest, found in reversed(self.made):
            name, uid = str(found["metadata"]["name"]), str(found["metadata"].get("uid") or "")
            try:
                self.jobs.delete(self.at.eks, manifest.kind, self.at.namespace, name, uid=uid)
            except NotFoundError:
                continue
            except HpctlError:
                left.append(f"kubectl delete {manifest.kind.qualified} {name} --namespace {self.at.namespace}")
        error.hint = "\n".join(filter(None, (error.hint, *left))) or None

    def _hand_over(self, manifest: Manifest, job: Mapping[str, Any]) -> None:
        """Let the job own what was made for it, so that it goes with the job."""
        metadata = job["metadata"]
        owner = {
            "apiVersion": manifest.kind.api_version,
            "kind": manifest.kind.kind,
            "name": metadata["name"],
            "uid": metadata.get("uid"),
        }
        for one, found in self.made:
            uid = found["metadata"].get("uid")
            patch = {"metadata": {"uid": uid, "ownerReferences": [owner]}}
            try:
                self.jobs.merge(self.at.eks, one.kind, self.at.namespace, one.name, patch)
            except (NotFoundError, ConflictError) as error:
                self.jobs.delete(
                    self.at.eks, manifest.kind, self.at.namespace, metadata["name"], uid=str(metadata.get("uid") or "")
                )
                raise ConflictError(
                    f"another submission of `{metadata['name']}` came in between; this one's job is deleted again",
                    hint=f"see what is there: hpctl job list {self.at.flags}",
                ) from error
            except HpctlError as error:
                self.notes.append(
                    f"{one.kind.kind.lower()} `{one.name}` does not belong to the job yet ({error.message}); "
                    "`hpctl job delete` deletes it with the job all the same"
                )
