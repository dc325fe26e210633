"""The names that a pod knows: its own in `/etc/hosts`; those of Services and pods behind them by the name server.

A Service has its long name, `svc.ns.svc.cluster.local`, and a pod with `subdomain` has `hostname.` before that of its
Service (Kubernetes, "DNS for Services and Pods"). The shorter forms are `/etc/resolv.conf`'s doing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hpctl.sandbox.kube.resources import Object

DOMAIN: Final = "cluster.local"
_HEAD: Final = (
    "# Kubernetes-managed hosts file.",
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "fe00::\tip6-localnet",
    "fe00::\tip6-mcastprefix",
    "fe00::1\tip6-allnodes",
    "fe00::2\tip6-allrouters",
)
LOOPBACK: Final = "127.0.0.1"


def resolver(namespace: str, server: str) -> str:
    """Return a pod's `/etc/resolv.conf`."""
    search = f"{namespace}.svc.{DOMAIN} svc.{DOMAIN} {DOMAIN}"
    return f"search {search}\nnameserver {server}\noptions ndots:5\n"


def hosts(pod: Object, address: str) -> str:
    """Return a pod's `/etc/hosts`."""
    rows = [*_HEAD]
    if address:
        rows.append(f"{address}\t{' '.join(own_names(pod))}")
    aliases = pod["spec"].get("hostAliases") or ()
    rows += [f"{each['ip']}\t{' '.join(each.get('hostnames') or ())}" for each in aliases]
    return "\n".join(rows) + "\n"


def addresses(name: str, services: Iterable[Object], pods: Iterable[Object]) -> list[str] | None:
    """Return the addresses behind a long name; None where there is no such name, nothing where nobody is there yet."""
    words = name.lower().removesuffix(f".svc.{DOMAIN}").split(".")
    if not name.lower().endswith(f".svc.{DOMAIN}") or len(words) not in {2, 3}:
        return None
    *host, service, namespace = words
    found = next((each for each in services if _is(each, service, namespace)), None)
    if found is None:
        return None
    address = found["spec"].get("clusterIP")
    if address and address != "None":
        return None if host else [address]
    ready = list(behind(found, pods))
    if not host:
        return [pod["status"]["podIP"] for pod in ready]
    who = host[0], service
    return [pod["status"]["podIP"] for pod in ready if _place(pod["spec"]) == who] or None


def own_names(pod: Object) -> tuple[str, ...]:
    """Return what a pod calls itself, its long name first where it has one."""
    name = hostname(pod)
    subdomain = pod["spec"].get("subdomain")
    if not subdomain:
        return (name,)
    return f"{name}.{subdomain}.{pod['metadata']['namespace']}.svc.{DOMAIN}", name


def hostname(pod: Object) -> str:
    """Return a pod's hostname: no longer than a label may be (`GeneratePodHostNameAndDomain`)."""
    return str(pod["spec"].get("hostname") or pod["metadata"]["name"])[:63].rstrip("-.")


def behind(service: Object, pods: Iterable[Object]) -> Iterator[Object]:
    """Yield the pods that a Service stands for: those it selects that have an address and are ready, or need not be."""
    selector = service["spec"].get("selector") or {}
    unready = service["spec"].get("publishNotReadyAddresses")
    for pod in pods:
        metadata, status = pod["metadata"], pod.get("status") or {}
        labels = metadata.get("labels") or {}
        if not selector or metadata["namespace"] != service["metadata"]["namespace"] or not status.get("podIP"):
            continue
        if not selector.items() <= labels.items() or status.get("phase") in ("Succeeded", "Failed"):
            continue
        ready = any(each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions") or ())
        if (ready and "deletionTimestamp" not in metadata) or unready:
            yield pod


def on_loopback(value: str, names: Iterable[str]) -> str:
    """Return a variable's value with the name of a Service in it, as a host, replaced by this machine's loopback."""
    alternatives = "|".join(re.escape(each) for each in sorted(names, key=len, reverse=True))
    if not alternatives:
        return value
    # Several words are text, unless each of them is the name of a pod behind a Service.
    if re.fullmatch(rf"(?:[a-z0-9-]+\.)?(?:{alternatives})(?: (?:[a-z0-9-]+\.)?(?:{alternatives}))*", value):
        return " ".join([LOOPBACK] * len(value.split(" ")))
    host = rf"(?P<before>^|//|@|,)(?:{alternatives})(?P<after>$|[:/,])"
    return re.sub(host, rf"\g<before>{LOOPBACK}\g<after>", value)


def names_of(service: Object, namespace: str) -> tuple[str, ...]:
    """Return the names of a Service for pods of a namespace, the longest first."""
    name, home = service["metadata"]["name"], service["metadata"]["namespace"]
    long = (f"{name}.{home}.svc.{DOMAIN}", f"{name}.{home}.svc", f"{name}.{home}")
    return (*long, name) if home == namespace else long


def _is(service: Object, name: str, namespace: str) -> bool:
    metadata = service["metadata"]
    return (metadata["name"], metadata["namespace"]) == (name, namespace)


def _place(spec: Object) -> tuple[object, object]:
    return spec.get("hostname"), spec.get("subdomain")
