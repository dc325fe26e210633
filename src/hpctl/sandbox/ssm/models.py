"""Session Manager of one account and Region, beside what moto has of Systems Manager.

HyperPod's nodes are no managed instances: only StartSession reaches them, by a target of their cluster's id, their
group and their instance (SageMaker AI developer guide, "Connect to the cluster nodes through SSM").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final

from moto.core.base_backend import BackendDict
from moto.ssm.models import SimpleSystemManagerBackend

from hpctl.sandbox.clock import moment
from hpctl.sandbox.sagemaker.models import sagemaker_backends
from hpctl.sandbox.ssm import documents
from hpctl.sandbox.ssm.documents import SsmError
from hpctl.sandbox.ssm.sessions import Session, Sessions, new_id, new_token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hpctl.sandbox.sagemaker.timeline import NodeState

TARGET: Final = re.compile(r"sagemaker-cluster:(?P<cluster>[a-z0-9]+)_(?P<group>.+)-(?P<instance>i-[0-9a-f]+)")
_FILTERS: Final = ("Owner", "SessionId", "Status", "Target")
# The instance is there and has booted: whoever reboots or has no instance is `Pending`, whose root volume is replaced
# `SystemUpdating`.
_UP: Final = frozenset({"DeepHealthCheckInProgress", "Failure", "Running"})


def connected(node: NodeState) -> bool:
    """Whether a session reaches a node."""
    return node.instance_id is not None and node.status in _UP


class SessionsBackend(SimpleSystemManagerBackend):
    """moto's Systems Manager with sessions."""

    sessions: ClassVar[Sessions] = Sessions()
    """Those of all Regions: the agent is one."""

    def start_session(self, asked: Mapping[str, Any], owner: str) -> dict[str, Any]:
        """Start a session and return the answer of StartSession; raises SsmError."""
        if not self.sessions.may_start():
            raise SsmError("ThrottlingException", "Rate exceeded")
        name = asked.get("DocumentName") or documents.DEFAULT
        document = documents.document(name)
        cluster_id, instance_id = self._node(asked["Target"])
        properties = document.properties(asked.get("Parameters") or {})
        session = Session(
            id=new_id(owner.rpartition("/")[2]),
            target=asked["Target"],
            cluster_id=cluster_id,
            instance_id=instance_id,
            document_name=name,
            document=document,
            properties=properties,
            owner=owner,
            reason=asked.get("Reason"),
            started=moment().at,
            token=new_token(),
        )
        self.sessions.add(session)
        return self._told(session, session.token)

    def resume_session(self, session_id: str) -> dict[str, Any]:
        """Return the answer of ResumeSession; raises SsmError."""
        session = self.sessions.find(session_id)
        if session is None or session.ended is not None:
            raise SsmError("DoesNotExistException", f"Session {session_id} does not exist.")
        return self._told(session, self.sessions.renew(session))

    def terminate_session(self, session_id: str) -> dict[str, Any]:
        """End a session; one that is not there has ended."""
        session = self.sessions.find(session_id)
        if session is not None and session.ended is None:
            self.sessions.end(session_id, moment().at)
            self.sessions.terminated(session_id)
        return {"SessionId": session_id}

    def described_sessions(self, state: str, filters: list[Mapping[str, str]]) -> list[dict[str, Any]]:
        """Return the sessions that are active, or those that have ended; raises SsmError."""
        ended = state == "History"
        rows = [_described(each) for each in self.sessions.rows() if (each.ended is not None) == ended]
        for each in filters:
            member = {"Target": "Target", "Owner": "Owner", "Status": "Status", "SessionId": "SessionId"}.get(
                each["key"]
            )
            if member is None:
                raise SsmError("InvalidFilterKey", f"The filter key {each['key']} is not served.")
            rows = [row for row in rows if row[member] == each["value"]]
        return rows

    def _told(self, session: Session, token: str) -> dict[str, Any]:
        return {"SessionId": session.id, "TokenValue": token, "StreamUrl": self.sessions.stream_url(session)}

    def _node(self, target: str) -> tuple[str, str]:
        if found := TARGET.fullmatch(target):
            for cluster, state in sagemaker_backends[self.account_id][self.region_name].living():
                for node in state.nodes if cluster.id == found["cluster"] else ():
                    if (node.seat.group, node.instance_id) == found.group("group", "instance") and connected(node):
                        return cluster.id, found["instance"]
        raise SsmError("TargetNotConnected", f"{target} is not connected.")


def _described(session: Session) -> dict[str, Any]:
    return {
        "SessionId": session.id,
        "Target": session.target,
        "Status": "Connected" if session.ended is None else "Terminated",
        "StartDate": session.started,
        "EndDate": session.ended,
        "DocumentName": session.document_name,
        "Owner": session.owner,
        "Reason": session.reason,
    }


ssm_backends = BackendDict(SessionsBackend, "ssm")
