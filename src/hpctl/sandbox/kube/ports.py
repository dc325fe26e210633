"""What the rooms of the sandbox's Kubernetes ask of each other. All of it is used in the event loop's thread alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
    from datetime import datetime

    from hpctl.sandbox.kube.resources import Attributes, Decision, Event, Object, PatchType, Resource, User
    from hpctl.sandbox.kube.status import Cause


class Api(Protocol):
    """One cluster's API without the wire. Whatever it refuses it refuses with `StatusError`.

    Each change is validated, defaulted, stamped, stored and told to watchers before the call returns.
    """

    @property
    def now(self) -> datetime:
        """The current time (UTC)."""

    def resource(self, api_version: str, kind: str) -> Resource:
        """Return a resource that is served now, custom ones included."""

    def get(self, resource: Resource, namespace: str | None, name: str) -> Object:
        """Return an object."""

    def list(
        self, resource: Resource, namespace: str | None = None, *, labels: str = "", fields: str = ""
    ) -> tuple[Object, ...]:
        """Return the objects of one namespace or of all that match both selectors, in the order of their names."""

    def create(self, resource: Resource, namespace: str | None, body: Object, *, manager: str) -> Object:
        """Create an object and return it as it is stored."""

    def update(
        self, resource: Resource, namespace: str | None, body: Object, *, manager: str, subresource: str = ""
    ) -> Object:
        """Replace an object; with `status` as subresource only its status, without it all but that."""

    def patch(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        patch: Mapping[str, object] | Sequence[object],
        *,
        manager: str,
        kind: PatchType,
        subresource: str = "",
    ) -> Object:
        """Patch an object."""

    def delete(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        *,
        propagation: str = "Background",
        grace_s: int | None = None,
        uid: str | None = None,
    ) -> Object:
        """Delete an object, or mark it as going: finalizers and a pod's kubelet come first. `grace_s` 0: now."""

    def bind(self, namespace: str, pod: str, node: str) -> Object:
        """Bind a pod to a node, as `pods/binding` does: spec.nodeName and the condition PodScheduled; 409 if bound."""

    def watch(self, *resources: Resource) -> AsyncIterator[Event]:
        """Yield what there is as ADDED, and then each change, in order, until the loop ends; nothing is ever left out.

        A custom resource that is not served yet may be watched too.
        """


class Schemas(Protocol):
    """What objects look like: of the built-in kinds from Kubernetes' own OpenAPI, of custom ones from their CRD."""

    def default(self, resource: Resource, body: Object) -> Object:
        """Return the object with its kind's defaults, and of a custom resource without what its schema prunes."""

    def faults(self, resource: Resource, body: Object, old: Object | None) -> Iterable[Cause]:
        """Yield what is wrong with an object, as create (`old` is None) or update would say."""

    def unknown_fields(self, resource: Resource, body: Object) -> Iterable[str]:
        """Yield the paths of fields that the kind does not have, for `fieldValidation` Strict and Warn."""

    def openapi_v2(self) -> Object:
        """Return the document of `/openapi/v2`."""

    def openapi_v3(self) -> Mapping[str, Object]:
        """Return the documents of `/openapi/v3` by path, such as `apis/apps/v1`."""


class Access(Protocol):
    """Who somebody is, and what they may do: EKS access entries and policies, and RBAC."""

    def user(self, token: str) -> User | None:
        """Return who a bearer token stands for, or None when it is not good or has no access entry."""

    def decide(self, user: User, wish: Attributes) -> Decision:
        """Judge a wish by the access policies and the RBAC objects of now."""


@dataclass(frozen=True, slots=True)
class LogOptions:
    """What of a container's log is wanted; `since` is a moment (UTC)."""

    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    tail_lines: int | None = None
    since: datetime | None = None
    limit_bytes: int | None = None


class Running(Protocol):
    """A command that was started inside a container."""

    async def write(self, data: bytes) -> None:
        """Give it input."""

    async def end_input(self) -> None:
        """Say that there is no more."""

    async def resize(self, columns: int, rows: int) -> None:
        """Tell its terminal's size."""

    def output(self) -> AsyncIterator[tuple[int, bytes]]:
        """Yield what it prints: 1 and data of standard output, 2 and data of standard error, as it comes."""

    async def ended(self) -> int:
        """Wait for its end and return its exit status, 128 + n after signal n."""

    def kill(self) -> None:
        """End it now: whoever started it has gone."""


class PodStreams(Protocol):
    """The kubelet's side of `log`, `exec`, `attach` and `portforward`; refuses with `StatusError`."""

    def log(self, pod: Object, container: str, options: LogOptions) -> AsyncIterator[bytes]:
        """Yield a container's log; with `follow` until the container ends for good."""

    async def execute(self, pod: Object, container: str, command: Sequence[str], *, tty: bool) -> Running:
        """Start a command in a container."""

    async def connect(self, pod: Object, port: int) -> tuple[StreamReader, StreamWriter]:
        """Connect to a port inside the pod."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A node of a HyperPod cluster as EKS sees its instance.

    `health` and `deep_check` are what HyperPod labels it with, `fault` is the type of fault that its health monitoring
    agent has seen. `labels` and `taints` are those of the group's KubernetesConfig.
    """

    instance_id: str
    cluster: str
    cluster_arn: str
    group: str
    instance_type: str
    subnet: str
    zone: str
    zone_id: str
    address: str
    ready: bool
    health: str
    deep_check: str | None = None
    fault: str | None = None
    threads_per_core: int = 1
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Object, ...] = ()


class Instances(Protocol):
    """What the rest of the sandbox knows of the machines of an EKS cluster, and does with them."""

    def watch(self, eks_arn: str) -> AsyncIterator[tuple[Instance, ...]]:
        """Yield the instances of all HyperPod clusters on this EKS cluster, and again whenever anything may be new.

        They are those that have come up and have not gone.
        """

    async def repair(self, instance: Instance, health: str) -> str | None:
        """Ask HyperPod for what a label wishes, a reboot or a replacement; returns why it refuses, if it does."""
