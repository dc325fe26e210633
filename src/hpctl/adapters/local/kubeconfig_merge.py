"""What an entry is in a kubeconfig, and whether what stands there under its names is hpctl's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from hpctl.adapters.local.kubeconfig_document import Document
from hpctl.errors import ConflictError
from hpctl.facts.kubeconfig import KubeconfigEntry

VERB: Final = "eks-token"
"""hpctl's command that kubectl runs for a token: what tells hpctl's users from others'."""

EXEC_VERSION: Final = "client.authentication.k8s.io/v1"
"""Kubernetes 1.22 and later."""


def holds(document: Document, entry: KubeconfigEntry) -> bool:
    """Whether anything in the file has one of the entry's names."""
    named = (("contexts", entry.context), ("clusters", entry.name), ("users", entry.name))
    return any(name in document.names(part) for part, name in named)


def demand_ours(document: Document, entry: KubeconfigEntry) -> None:
    """Raise `ConflictError` when something else than hpctl's has one of the entry's names."""
    user, cluster = document.entry("users", entry.name), document.entry("clusters", entry.name)
    ours = user is not None and _runs_hpctl(user)
    if user is not None and not ours:
        raise _foreign(document, entry, f"user `{entry.name}`")
    if cluster is not None and not ours and cluster.get("server") != entry.server:
        raise _foreign(document, entry, f"cluster `{entry.name}`")
    context = document.entry("contexts", entry.context)
    if context is not None and (context.get("cluster"), context.get("user")) != (entry.name, entry.name):
        raise _foreign(document, entry, f"context `{entry.context}`")


def merge(document: Document, entry: KubeconfigEntry) -> tuple[str, ...]:
    """Put the entry into the file; returns the parts that are new or different."""
    return tuple(part for part, name, members in parts(entry) if document.put(f"{part}s", name, members))


def parts(entry: KubeconfigEntry) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the three parts of the entry: what it is, its name, its members."""
    cluster = {"certificate-authority-data": entry.certificate_authority, "server": entry.server}
    yield "cluster", entry.name, cluster
    yield "user", entry.name, {"exec": _exec(entry)}
    namespace = {"namespace": entry.namespace} if entry.namespace else {}
    yield "context", entry.context, {"cluster": entry.name, **namespace, "user": entry.name}


def _exec(entry: KubeconfigEntry) -> dict[str, Any]:
    command, *arguments = entry.command
    environment = [{"name": name, "value": value} for name, value in entry.environment.items()]
    return {
        "apiVersion": EXEC_VERSION,
        "args": arguments,
        "command": command,
        **({"env": environment} if environment else {}),
        "installHint": f"{Path(command).name} is gone from {Path(command).parent}; "
        "install hpctl again, then run hpctl cluster connect once more",
        "interactiveMode": "Never",
        "provideClusterInfo": False,
    }


def _runs_hpctl(user: Any) -> bool:
    plugin = user.get("exec")
    arguments = plugin.get("args") if hasattr(plugin, "get") else None
    return isinstance(arguments, list) and VERB in arguments[:3]


def _foreign(document: Document, entry: KubeconfigEntry, what: str) -> ConflictError:
    other = f"{entry.context}-2" if what.startswith("context") else None
    hint = f"give the context another name: --context {other}" if other else "remove it, or name another file: "
    return ConflictError(
        f"the kubeconfig `{document.name}` has a {what} that is not hpctl's",
        hint=hint if other else f"{hint}--kubeconfig FILE",
    )
