"""What flags change in a job, whatever notation it was written in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hpctl.catalog.instance_types import instance_type
from hpctl.errors import NotFoundError, UsageError
from hpctl.spec.accelerators import AcceleratorError, accelerator, name_of, satisfies
from hpctl.spec.job import Accelerator, Choice, JobSpec
from hpctl.spec.job_wish import JobOverrides
from hpctl.spec.kubernetes_names import JOB_NAME, is_job_name, is_subdomain, is_variable

_ONE = "give flags that a job can take"


def changed(job: JobSpec, given: JobOverrides) -> JobSpec:
    """Return the job as the flags want it.

    Raises UsageError for a flag whose value no job can have.
    """
    _demand_names(given)
    for name in given.env:
        if name in (*job.secrets, *given.secrets):
            raise UsageError(f"`--env`: `{name}` is a secret of the job", hint=f"give its value with `--secret {name}`")
    chosen = _choices(job, given)
    plain = {
        "name": given.name,
        "namespace": given.namespace,
        "nodes": given.nodes,
        "image": given.image,
        "queue": given.queue,
        "priority": given.priority,
        "workdir": given.workdir,
    }
    update: dict[str, object] = {field: value for field, value in plain.items() if value is not None}
    secrets = tuple(dict.fromkeys((*job.secrets, *given.secrets)))
    env = {name: value for name, value in {**job.env, **given.env}.items() if name not in given.secrets}
    return JobSpec.model_validate({**dict(job), **update, "choices": chosen, "env": env, "secrets": secrets})


def refuse_for_manifest(given: JobOverrides) -> None:
    """Raise UsageError that names every flag which a manifest, submitted as it is, cannot take."""
    _refuse(given, {}, "a Kubernetes manifest", "change the manifest, or write the job as hpctl YAML")


def refuse_for_script(given: JobOverrides) -> None:
    """Raise UsageError that names every flag which an sbatch script, submitted as it is, cannot take."""
    more = {"--name": given.name, "--namespace": given.namespace}
    _refuse(given, more, "an sbatch script", "change the script's `#SBATCH` lines, or write the job as hpctl YAML")


def _refuse(given: JobOverrides, more: Mapping[str, str | None], what: str, hint: str) -> None:
    flags: dict[str, object] = {
        **more,
        "--nodes": given.nodes,
        "--accelerators": given.accelerators,
        "--instance-type": given.instance_type,
        "--image": given.image,
        "--queue": given.queue,
        "--priority": given.priority,
        "--env": given.env or None,
        "--secret": given.secrets or None,
        "--workdir": given.workdir,
    }
    refused = [f"`{flag}`" for flag, value in flags.items() if value is not None]
    if refused:
        raise UsageError(f"{what} is submitted as it is: {', '.join(refused)} cannot change it", hint=hint)
    _demand_names(given)


def _demand_names(given: JobOverrides) -> None:
    for flag, why in _misnamed(given):
        raise UsageError(f"`{flag}`: {why}", hint=_ONE)


def _misnamed(given: JobOverrides) -> Iterator[tuple[str, str]]:
    if given.name is not None and not is_job_name(given.name):
        yield "--name", f"`{given.name}` is not a job's name: {JOB_NAME}"
    for flag, value in (("--namespace", given.namespace), ("--queue", given.queue), ("--priority", given.priority)):
        if value is not None and not is_subdomain(value):
            yield flag, f"`{value}` is not a name of Kubernetes"
    if given.nodes is not None and given.nodes < 1:
        yield "--nodes", f"`{given.nodes}` is less than one node"
    if given.image is not None and (not given.image or any(mark.isspace() for mark in given.image)):
        yield "--image", f"`{given.image}` is not a container image"
    yield from _misnamed_variables(given)


def _misnamed_variables(given: JobOverrides) -> Iterator[tuple[str, str]]:
    for name, value in given.env.items():
        if not is_variable(name):
            yield "--env", f"`{name}` cannot name a variable"
        if "\0" in value:
            yield "--env", f"the value of `{name}` holds a NUL character"
    for name in given.secrets:
        if not is_variable(name):
            yield "--secret", f"`{name}` cannot name a variable"


def _choices(job: JobSpec, given: JobOverrides) -> tuple[Choice, ...]:
    device = _accelerator(given.accelerators)
    type_name = _instance_type(given.instance_type)
    if device is None and type_name is None:
        return job.choices
    return tuple(dict.fromkeys(_choice(one, device, type_name) for one in job.choices or (Choice(),)))


def _choice(choice: Choice, device: Accelerator | None, type_name: str | None) -> Choice:
    """Put the flags into one choice; what the file says gives way where the two cannot both be."""
    wanted = device or choice.accelerator
    kind = type_name or choice.instance_type
    if wanted and kind and not _offers(kind, wanted):
        if device and type_name:
            message = f"`{type_name}` does not have the accelerator `{device.name}`"
            raise UsageError(message, hint="give one of `--accelerators` and `--instance-type`")
        wanted, kind = (device, None) if device else (None, type_name)
    return choice.model_copy(update={"accelerator": wanted, "instance_type": kind})


def _offers(type_name: str, device: Accelerator) -> bool:
    own = name_of(instance_type(type_name))
    return own is not None and satisfies(own, device.name)


def _accelerator(text: str | None) -> Accelerator | None:
    try:
        return None if text is None else accelerator(text)
    except AcceleratorError as error:
        hint = f"nearest: `{error.nearest}`" if error.nearest else "`hpctl instances list` shows what there is"
        raise UsageError(f"`--accelerators`: {error}", hint=hint) from None


def _instance_type(text: str | None) -> str | None:
    try:
        return None if text is None else instance_type(text).name
    except NotFoundError as error:
        raise UsageError(f"`--instance-type`: {error.message}", hint=error.hint) from None
