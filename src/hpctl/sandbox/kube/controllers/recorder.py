"""Events about objects, as client-go's recorder makes them: the same one again is the old one with a higher count."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from hpctl.sandbox.kube.metadata import timestamp
from hpctl.sandbox.kube.resources import PatchType
from hpctl.sandbox.kube.status import StatusError

if TYPE_CHECKING:
    from hpctl.sandbox.kube.ports import Api
    from hpctl.sandbox.kube.resources import Object

NORMAL: Final = "Normal"
WARNING: Final = "Warning"
# Events about what has no namespace are kept here (client-go).
_OF_NOBODY: Final = "default"


class Recorder:
    """Tells events in the name of one component."""

    def __init__(self, api: Api, component: str) -> None:
        """Take where events go, and who tells them."""
        self._api = api
        self._events = api.resource("v1", "Event")
        self.component = component

    def normal(self, about: Object, reason: str, message: str) -> None:
        """Tell what goes as it should."""
        self._tell(about, NORMAL, reason, message)

    def warning(self, about: Object, reason: str, message: str) -> None:
        """Tell what does not."""
        self._tell(about, WARNING, reason, message)

    def _tell(self, about: Object, kind: str, reason: str, message: str) -> None:
        metadata, now = about["metadata"], timestamp(self._api.now)
        namespace = metadata.get("namespace", _OF_NOBODY)
        told = f"{metadata['uid']} {self.component} {kind} {reason} {message}"
        name = f"{metadata['name']}.{hashlib.sha256(told.encode()).hexdigest()[:16]}"
        # An event that cannot be kept, such as one in a namespace that goes, stops nobody.
        with suppress(StatusError):
            if found := self._found(namespace, name):
                again = {"count": found.get("count", 1) + 1, "lastTimestamp": now}
                self._api.patch(self._events, namespace, name, again, manager=self.component, kind=PatchType.MERGE)
                return
            event = {
                "metadata": {"name": name, "namespace": namespace},
                "involvedObject": _reference(about),
                "type": kind,
                "reason": reason,
                "message": message,
                "source": {"component": self.component},
                "reportingComponent": self.component,
                "reportingInstance": "",
                "firstTimestamp": now,
                "lastTimestamp": now,
                "eventTime": None,
                "count": 1,
            }
            self._api.create(self._events, namespace, event, manager=self.component)

    def _found(self, namespace: str, name: str) -> Object | None:
        try:
            return self._api.get(self._events, namespace, name)
        except StatusError:
            return None


def _reference(about: Object) -> Object:
    metadata = about["metadata"]
    place = {"namespace": metadata["namespace"]} if "namespace" in metadata else {}
    return {
        "apiVersion": about["apiVersion"],
        "kind": about["kind"],
        **place,
        "name": metadata["name"],
        "uid": metadata["uid"],
        "resourceVersion": metadata["resourceVersion"],
    }
