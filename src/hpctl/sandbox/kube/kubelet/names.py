"""The names that a pod knows: `/etc/hosts` of its own, with Services and the pods behind them.

Instead of a name server each pod has a file that follows the cluster. It gives the names that the cluster's DNS would
(Kubernetes, "DNS for Services and Pods"): `svc`, `svc.ns`, `svc.ns.svc` and the long one; and for a pod with
`subdomain` its `hostname.subdomain` in the same forms.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

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


def hosts(pod: Object, address: str, services: Iterable[Object], pods: Sequence[Object]) -> str:
    """Return a pod's `/etc/hosts`."""
    namespace, spec = pod["metadata"]["namespace"], pod["spec"]
    rows = [*_HEAD]
    if address:
        rows.append(f"{address}\t{' '.join(own_names(pod))}")
    rows += [f"{each['ip']}\t{' '.join(each.get('hostnames') or ())}" for each in spec.get("hostAliases") or ()]
    for each in services:
        rows += [f"{ip}\t{' '.join(names)}" for ip, names in _rows(each, pods, namespace)]
    return "\n".join(rows) + "\n"


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
    return _forms(service["metadata"]["name"], service["metadata"]["namespace"], namespace)


def _rows(service: Object, pods: Sequence[Object], namespace: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    metadata, spec = service["metadata"], service["spec"]
    address = spec.get("clusterIP")
    if address and address != "None":
        yield address, names_of(service, namespace)
        return
    for pod in behind(service, pods):
        yield pod["status"]["podIP"], names_of(service, namespace)
        if pod["spec"].get("subdomain") == metadata["name"] and pod["spec"].get("hostname"):
            name = f"{pod['spec']['hostname']}.{metadata['name']}"
            yield pod["status"]["podIP"], _forms(name, metadata["namespace"], namespace)


def _forms(name: str, home: str, namespace: str) -> tuple[str, ...]:
    long = (f"{name}.{home}.svc.{DOMAIN}", f"{name}.{home}.svc", f"{name}.{home}")
    return (*long, name) if home == namespace else long
