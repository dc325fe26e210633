"""Who may do what on an EKS cluster: `ports.Access`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from hpctl.sandbox.eks.cluster import Cluster
from hpctl.sandbox.kube.ports import Api
from hpctl.sandbox.kube.resources import Attributes, Decision, Object, User


class EksAccess:
    """Access entries and policies of one EKS cluster, and the RBAC objects of its API."""

    def __init__(self, account: str, cluster: Cluster, api: Api, clock: Callable[[], datetime]) -> None:
        """Judge by the cluster's record and the objects of `api`, both as they are when asked."""
        self._account, self._cluster, self._api, self._clock = account, cluster, api, clock

    def user(self, token: str) -> User | None:
        """Return who a bearer token stands for, or None when it is not good or has no access entry."""
        raise NotImplementedError

    def decide(self, user: User, wish: Attributes) -> Decision:
        """Judge a wish by the access policies and the RBAC objects of now."""
        raise NotImplementedError


def bootstrap() -> tuple[Object, ...]:
    """Return the RBAC objects that a new cluster has from the start."""
    raise NotImplementedError
