"""The keys of a job in hpctl's own YAML: what people write, and what editors complete."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field
from pydantic_core import InitErrorDetails, PydanticCustomError

from hpctl.catalog.instance_types import instance_type
from hpctl.errors import NotFoundError
from hpctl.spec.accelerators import AcceleratorError, accelerator, name_of, satisfies
from hpctl.spec.frozen_map import Frozen
from hpctl.spec.job import Choice, JobSpec, Mount, Resume, Topology
from hpctl.spec.job_model import ModelWish
from hpctl.spec.kubernetes_names import JOB_NAME, is_job_name, is_subdomain, is_variable, label_problems
from hpctl.spec.limits import OrPlaceholder
from hpctl.spec.model import SpecModel, shape_problem


def _wrong(message: str, close: str | None = None) -> PydanticCustomError:
    return PydanticCustomError("job", "{text}", {"text": message, "nearest": close})


def _job_name(text: str) -> str:
    if not is_job_name(text):
        raise _wrong(f"`{text}` is not a job's name: {JOB_NAME}")
    return text


def _object_name(text: str) -> str:
    if not is_subdomain(text):
        raise _wrong(f"`{text}` is not a name of Kubernetes: small letters, digits, `-` and `.` between them")
    return text


def _variable(text: str) -> str:
    if not is_variable(text):
        raise _wrong(f"`{text}` cannot name a variable: letters, digits and `_`")
    return text


def _labels(labels: Mapping[str, str]) -> Mapping[str, str]:
    for _, why in label_problems(labels):
        raise _wrong(why)
    return labels


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise _wrong("a NUL character cannot stand in a script or in a variable")
    return text


def _accelerator(text: str) -> str:
    try:
        read = accelerator(text)
    except AcceleratorError as error:
        raise _wrong(str(error), error.nearest) from None
    return f"{read.name}:{read.count:g}"


def _type(text: str) -> str:
    try:
        return instance_type(text).name
    except NotFoundError as error:
        raise _wrong(f"{error.message}: {error.hint}") from None


def _image(text: str) -> str:
    if not text or any(mark.isspace() for mark in text):
        raise _wrong(f"`{text}` is not a container image")
    return text


JobName = Annotated[str, AfterValidator(_job_name)]
ObjectName = Annotated[str, AfterValidator(_object_name)]
Variable = Annotated[str, AfterValidator(_variable)]
Amount = Annotated[float, Field(gt=0, strict=True, allow_inf_nan=False), OrPlaceholder()]
Count = Annotated[int, Field(ge=1, strict=True), OrPlaceholder()]
Nodes = Annotated[int, Field(ge=1, le=10_000, strict=True), OrPlaceholder()]
Port = Annotated[int, Field(ge=1, le=65_535, strict=True), OrPlaceholder()]
Ratio = Annotated[float, Field(ge=1, strict=True, allow_inf_nan=False), OrPlaceholder()]
Script = Annotated[str, AfterValidator(_without_nul)]


class NodeWish(SpecModel):
    """What each node shall have: `accelerators` as `NAME:COUNT`, CPUs and memory as requests, EFA interfaces."""

    accelerators: Annotated[str, AfterValidator(_accelerator)] | None = Field(
        None, description="Devices of each node, as `H100:8`; of Neuron chips, not cores"
    )
    instance_type: Annotated[str, AfterValidator(_type)] | None = Field(None, description="With its `ml.`")
    cpus: Amount | None = Field(None, description="CPUs requested of each node; its share without")
    memory_gib: Amount | None = Field(None, description="GiB requested of each node; its share without")
    efa: Annotated[int, Field(ge=0, strict=True), OrPlaceholder()] | None = Field(
        None, description="EFA interfaces; those of the share without"
    )
    ephemeral_storage_gib: Count | None = Field(None, description="GiB asked of the node's disk")

    @classmethod
    def shape_problems(cls, given: Mapping[str, object]) -> Iterator[InitErrorDetails]:
        """Refuse a type that has another accelerator."""
        yield from super().shape_problems(given)
        if conflict := _conflict(given.get("instance_type"), given.get("accelerators")):
            yield shape_problem(conflict, "instance_type")

    def choice(self) -> Choice:
        """Return it as the job's model has it."""
        device = None if self.accelerators is None else accelerator(self.accelerators)
        return Choice(accelerator=device, **self.model_dump(include=set(Choice.model_fields) - {"accelerator"}))


def _conflict(type_name: object, devices: object) -> str | None:
    if not (isinstance(type_name, str) and isinstance(devices, str)):
        return None
    try:
        own, wanted = name_of(instance_type(type_name)), accelerator(devices).name
    except (NotFoundError, AcceleratorError):
        return None
    if own and satisfies(own, wanted):
        return None
    return f"`{type_name}` has {f'`{own}`' if own else 'no accelerator'}, not the `{wanted}` asked for"


class JobFile(NodeWish):
    """A job: what each of its nodes shall have, what runs on all of them, and what goes along."""

    either: ClassVar[tuple[str, ...]] = tuple(NodeWish.model_fields)

    api_version: Literal["hpctl/v1"] = Field("hpctl/v1", description="The version of this format")
    kind: Literal["Job"] = Field("Job", description="What the file describes")
    name: JobName = Field(description="The job's name in Kubernetes")
    namespace: ObjectName | None = Field(None, description="The caller's own without")
    image: Annotated[str, AfterValidator(_image)] | None = Field(None, description="The container's image")
    nodes: Nodes = Field(1, description="Pods, each on a node of its own")
    choices: tuple[NodeWish, ...] = Field((), description="Several ways to be satisfied, tried in order")
    setup: Script | None = Field(None, description="Bash, on every node before any runs; a failure ends the job")
    run: Script = Field(description="Bash, on every node")
    env: Annotated[Mapping[Variable, Script], *Frozen] = Field(
        default_factory=dict, validate_default=True, description="Variables, which arrive exactly as written"
    )
    secrets: tuple[Variable, ...] = Field((), description="Variables whose values are given at submission")
    model: ModelWish | None = Field(None, description="The model that it trains: judged before it is submitted")
    workdir: str | None = Field(None, description="A folder, relative to this file, that is packed and brought along")
    mounts: tuple[Mount, ...] = Field((), description="Storage in every pod")
    queue: ObjectName | None = Field(None, description="A Kueue LocalQueue of the namespace")
    priority: ObjectName | None = Field(None, description="A Kueue WorkloadPriorityClass")
    topology: Topology | None = Field(None, description="How near the nodes shall be")
    resume: Resume | None = Field(None, description="Start again when HyperPod replaces a node")
    timeout_s: Count | None = Field(None, description="Seconds until the job is ended")
    labels: Annotated[Mapping[str, str], AfterValidator(_labels), *Frozen] = Field(
        default_factory=dict, validate_default=True, description="Of the job and its pods"
    )
    annotations: Annotated[Mapping[str, str], *Frozen] = Field(
        default_factory=dict, validate_default=True, description="Of the job and its pods"
    )
    service_account: ObjectName | None = Field(None, description="None without: pods then hold no token")
    ports: tuple[Port, ...] = Field((), description="Named in the pods")
    limits: Ratio | None = Field(None, description="CPU and memory limits, times the requests")
    pod_config: Mapping[str, Any] | None = Field(None, description="Merged into every pod: `metadata` and `spec`")

    @classmethod
    def shape_problems(cls, given: Mapping[str, object]) -> Iterator[InitErrorDetails]:
        """Refuse `choices` beside what they would each have."""
        yield from super().shape_problems(given)
        if "choices" in given and (twice := [field for field in cls.either if field in given]):
            yield shape_problem("`{choices}` and `{" + twice[0] + "}` exclude each other; keep one of them", "choices")
        env, secrets = given.get("env"), given.get("secrets")
        if isinstance(env, Mapping) and isinstance(secrets, list) and not env.keys().isdisjoint(map(str, secrets)):
            yield shape_problem("a variable stands in `{env}` and in `{secrets}`; keep one of them", "secrets")

    def job(self) -> JobSpec:
        """Return it as the model that both orchestrators share."""
        alone = NodeWish.model_validate({field: getattr(self, field) for field in self.either})
        wishes = self.choices or ((alone,) if alone != NodeWish() else ())
        same = {field: getattr(self, field) for field in JobSpec.model_fields if field in JobFile.model_fields}
        pod_config = None if self.pod_config is None else json.dumps(self.pod_config)
        own = {"choices": tuple(wish.choice() for wish in wishes), "pod_config": pod_config}
        return JobSpec.model_validate({**same, **own, "env": dict(self.env)})
