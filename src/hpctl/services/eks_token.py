"""The credential that kubectl asks hpctl for: an ExecCredential of client-go.

Source: the Kubernetes documentation, "client-go credential plugins"; the API `client.authentication.k8s.io/v1`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from hpctl.errors import UsageError

INFO: Final = "KUBERNETES_EXEC_INFO"
"""The variable in which kubectl says what it expects."""

_GROUP: Final = "client.authentication.k8s.io"
_VERSIONS: Final = (f"{_GROUP}/v1", f"{_GROUP}/v1beta1")


def wanted_version(env: Mapping[str, str]) -> str:
    """Return the API version that kubectl expects, v1 where nobody says.

    Raises:
        UsageError: it is one that hpctl does not speak, or kubectl's words cannot be read.
    """
    told = env.get(INFO)
    if not told:
        return _VERSIONS[0]
    try:
        version = json.loads(told)["apiVersion"]
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{INFO} is no ExecCredential", hint="it is set by kubectl: leave it out") from error
    if version not in _VERSIONS:
        raise UsageError(
            f"kubectl asks for a credential in `{version}`, which hpctl does not speak",
            hint=f"write {' or '.join(_VERSIONS)} into the kubeconfig, or connect again: hpctl cluster connect NAME",
        )
    return str(version)


def exec_credential(version: str, token: str, good_until: datetime) -> str:
    """Return the credential as kubectl reads it from stdout."""
    moment = good_until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    status = {"expirationTimestamp": moment, "token": token}
    return json.dumps({"kind": "ExecCredential", "apiVersion": version, "spec": {}, "status": status}) + "\n"
