"""Let tasks of SkyPilot have all EFA interfaces of a node: a file for `sky launch --config`, one for each type.

Not in the configuration that every task reads: a task of one GPU would take all interfaces of its node, and keep others
off. Source: SkyPilot 0.14.1 (`network_tier: best` asks as many as the first node listed has, whatever its type).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hpctl.catalog.instance_types import InstanceType
from hpctl.compile.fleet import EFA
from hpctl.facts.kubernetes import KubernetesNode
from hpctl.facts.quantities import quantity
from hpctl.services.gpus import facts_of
from hpctl.spec.accelerators import name_of

_TEXT = """\
# Written by hpctl sky setup for cluster {cluster}: all EFA interfaces of an
# {type}, for tasks of SkyPilot that take whole nodes.
#   sky launch --config {path} task.yaml
kubernetes:
  pod_config:
    spec:
      containers:
        - env:
            - name: FI_PROVIDER
              value: efa
          resources:
            limits:
              {key}: {count}
            requests:
              {key}: {count}
          securityContext:
            capabilities:
              add: [IPC_LOCK]
"""


def files(cluster: str, folder: str, nodes: Iterable[KubernetesNode]) -> Iterator[tuple[str, str]]:
    """Yield name and text of a file for each type of node that has both EFA and accelerators."""
    counts: dict[str, tuple[InstanceType, int]] = {}
    for node in nodes:
        facts, offered = facts_of(node.instance_type), quantity(node.allocatable.get(EFA, "0"))
        count = int(offered) or (facts.efa_interfaces or 0 if facts else 0)
        if facts and count and name_of(facts):
            counts[facts.name] = facts, max(count, counts.get(facts.name, (facts, 0))[1])
    for name, (_, count) in sorted(counts.items()):
        file = f"{cluster}-{name.removeprefix('ml.')}.yaml"
        path = f"{folder}/{file}"
        yield file, _TEXT.format(type=name, cluster=cluster, path=path, key=EFA, count=count)
