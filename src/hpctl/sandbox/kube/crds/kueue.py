"""The CRDs of Kueue, which task governance installs: two versions each.

Source: kubernetes-sigs/kueue v0.19, config/components/crd/bases. Cohorts, admission checks and MultiKueue are not here.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from hpctl.sandbox.kube.crds.kueue_parts import (
    NAME,
    NEWER,
    OLDER,
    QUALIFIED,
    column,
    made,
    served,
    short,
    taint,
    toleration,
)
from hpctl.sandbox.kube.crds.kueue_queues import clusterqueues, localqueues
from hpctl.sandbox.kube.crds.kueue_workloads import workloads
from hpctl.sandbox.kube.crds.parts import INT32, TEXT, atomic, mapped, structure

if TYPE_CHECKING:
    from hpctl.sandbox.kube.resources import Object


@cache
def kueue() -> tuple[Object, ...]:
    """Return all of them."""
    return (
        clusterqueues(),
        localqueues(),
        resourceflavors(),
        topologies(),
        workloads(),
        workloadpriorityclasses(),
    )


def resourceflavors() -> Object:
    """Return the CRD of ResourceFlavors."""
    spec = structure(
        {
            "nodeLabels": mapped(TEXT),
            "nodeTaints": atomic(taint(), maxItems=8),
            "tolerations": atomic(toleration(), maxItems=8),
            "topologyName": NAME,
        }
    )
    versions = (served(name, {"spec": spec}, []) for name in (OLDER, NEWER))
    return made("ResourceFlavor", "resourceflavors", ["flavor", "flavors", "rf"], *versions, scope="Cluster")


def topologies() -> Object:
    """Return the CRD of Topologies."""
    level = structure({"nodeLabel": {**short(316, 1), "pattern": QUALIFIED}}, required=["nodeLabel"])
    spec = structure({"levels": atomic(level, minItems=1, maxItems=16)}, required=["levels"])
    versions = (served(name, {"spec": spec}, []) for name in (OLDER, NEWER))
    return made("Topology", "topologies", ["topo"], *versions, scope="Cluster")


def workloadpriorityclasses() -> Object:
    """Return the CRD of WorkloadPriorityClasses, whose objects have no spec."""
    value = column("Value of workloadPriorityClass's Priority", ".value", "Value", "integer")
    versions = (
        served(name, {"description": about, "value": INT32}, [value], required="value")
        for name, about in ((OLDER, TEXT), (NEWER, short(2048)))
    )
    return made("WorkloadPriorityClass", "workloadpriorityclasses", ["wpc"], *versions, scope="Cluster")
