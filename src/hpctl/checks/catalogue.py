"""Every check, in the order people read them: machine, spec, Slurm, EKS, what AWS has, live clusters, jobs."""

from __future__ import annotations

from types import ModuleType

from hpctl.checks import (
    capacity,
    capacity_supply,
    eks,
    eks_addons,
    eks_cluster,
    eks_reach,
    iam_caller,
    iam_execution,
    iam_keys,
    iam_role_use,
    iam_roles,
    identity,
    job_contract,
    job_efa,
    job_environment,
    job_image,
    job_launch,
    job_model,
    job_names,
    job_neuron,
    job_outside,
    job_place,
    job_pod_rules,
    job_queue,
    job_quota,
    job_storage,
    job_volumes,
    kube_identity,
    kube_parts,
    kube_plugins,
    kube_storage,
    lifecycle,
    lifecycle_text,
    live_access,
    live_api,
    live_care,
    live_happened,
    live_node,
    live_node_kube,
    live_nodes,
    live_parts,
    live_slurm,
    live_state,
    network_acls,
    network_addresses,
    network_endpoints,
    network_groups,
    network_ids,
    network_names,
    network_routes,
    network_zones,
    node_devices,
    node_system,
    quota,
    sbatch_environment,
    sbatch_launch,
    sbatch_output,
    sbatch_place,
    sbatch_resume,
    sbatch_script,
    slurm,
    slurm_files,
    spec_contents,
    spec_images,
    spec_rules,
    storage,
    storage_network,
    storage_volumes,
    tools,
)
from hpctl.checks.declare import Check
from hpctl.facts.job_target import JobInCluster
from hpctl.facts.kubernetes import ClusterOnEks
from hpctl.facts.live_targets import ClusterOnSlurm, LiveCluster, LiveNode, NodeInside, NodeOnEks
from hpctl.facts.slurm_target import JobOnSlurm
from hpctl.spec.cluster import ClusterSpec

MODULES: tuple[ModuleType, ...] = (
    tools,
    identity,
    spec_rules,
    spec_contents,
    spec_images,
    slurm,
    slurm_files,
    eks,
    eks_cluster,
    eks_reach,
    eks_addons,
    network_ids,
    network_zones,
    network_groups,
    network_routes,
    network_acls,
    network_names,
    network_endpoints,
    network_addresses,
    capacity,
    capacity_supply,
    quota,
    iam_roles,
    iam_execution,
    iam_keys,
    iam_role_use,
    iam_caller,
    lifecycle,
    lifecycle_text,
    storage,
    storage_network,
    storage_volumes,
    live_state,
    live_happened,
    live_care,
    live_node,
    live_node_kube,
    live_slurm,
    node_system,
    node_devices,
    live_api,
    live_access,
    live_parts,
    kube_identity,
    kube_parts,
    kube_plugins,
    kube_storage,
    live_nodes,
    job_names,
    job_contract,
    job_queue,
    job_quota,
    job_place,
    job_pod_rules,
    job_storage,
    job_volumes,
    job_outside,
    job_image,
    job_efa,
    job_environment,
    job_neuron,
    job_launch,
    job_model,
    sbatch_script,
    sbatch_place,
    sbatch_launch,
    sbatch_output,
    sbatch_resume,
    sbatch_environment,
)
"""Where checks are declared, in the catalogue's order."""

CHECKS: tuple[Check, ...] = tuple(
    value for module in MODULES for value in vars(module).values() if isinstance(value, Check)
)
"""Every check that there is."""

CLUSTER_CHECKS: tuple[Check, ...] = tuple(one for one in CHECKS if one.target is ClusterSpec)
"""Those that judge a cluster spec: what stands before a create."""

KUBERNETES_CHECKS: tuple[Check, ...] = tuple(one for one in CHECKS if one.target is ClusterOnEks)
"""Those that judge what a live cluster on EKS has in Kubernetes."""

LIVE_CHECKS: tuple[Check, ...] = tuple(one for one in CHECKS if one.target is LiveCluster)
"""Those that judge a live cluster as the SageMaker API shows it, whoever orchestrates it."""

SLURM_CHECKS: tuple[Check, ...] = tuple(one for one in CHECKS if one.target is ClusterOnSlurm)
"""Those that judge a live cluster as its Slurm has it."""

NODE_CHECKS: tuple[Check, ...] = tuple(one for one in CHECKS if one.target in (LiveNode, NodeOnEks))
"""Those that judge one node of a live cluster from outside."""

INSIDE_CHECKS: tuple[Check, ...] = tuple(one for one in CHECKS if one.target is NodeInside)
"""Those that judge one node from inside, over a session."""

JOB_CHECKS: tuple[Check, ...] = tuple(one for one in CHECKS if one.target is JobInCluster)
"""Those that judge a job: what stands before it is submitted."""

SLURM_JOB_CHECKS: tuple[Check, ...] = tuple(one for one in CHECKS if one.target is JobOnSlurm)
"""Those that judge a job on Slurm: what stands before it is submitted."""
