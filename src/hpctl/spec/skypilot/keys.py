"""Every key of a SkyPilot task, and what becomes of it: taken, without effect, or refused by name.

Source: SkyPilot 0.14.1, `sky/utils/schemas.py` and `sky/task.py`, and older releases for the spellings of before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from hpctl.catalog.nearest import nearest
from hpctl.spec.nodes import Entry, Node
from hpctl.spec.reading import Reading, asks_nothing


@dataclass(frozen=True, slots=True)
class Keys:
    """What a mapping may hold.

    `idle` are without effect and `refused` are not honoured, each with why; `renamed` are older spellings; `meant`
    are words of other tools that `nearest` would not find.
    """

    taken: frozenset[str]
    idle: Mapping[str, str]
    refused: Mapping[str, str]
    renamed: Mapping[str, str]
    meant: Mapping[str, str]


def keys(
    taken: str,
    *,
    idle: Mapping[str, str] | None = None,
    refused: Mapping[str, str] | None = None,
    renamed: Mapping[str, str] | None = None,
    meant: Mapping[str, str] | None = None,
) -> Keys:
    """Declare the keys of a mapping; `taken` are words with spaces between them."""
    return Keys(frozenset(taken.split()), idle or {}, refused or {}, renamed or {}, meant or {})


def taken(reading: Reading, node: Node, known: Keys) -> Iterator[Entry]:
    """Yield the entries that are honoured, by their present names; say of every other what becomes of it."""
    seen: dict[str, Entry] = {}
    for entry in reading.entries(node):
        key = known.renamed.get(entry.key, entry.key)
        if key in known.taken and key in seen:
            reading.refuse(entry.place, f"`{entry.key}` and `{seen[key].key}` are the same key; keep one")
        elif key in known.taken:
            seen[key] = entry
            if key != entry.key:
                reading.note(entry.place, f"`{entry.place.path}` is the older name of `{key}`, and taken as that")
            yield replace(entry, key=key)
        else:
            _not_taken(reading, entry, known)


def _not_taken(reading: Reading, entry: Entry, known: Keys) -> None:
    path = entry.place.path
    if why := known.refused.get(entry.key):
        if not asks_nothing(entry.value):
            reading.refuse(entry.place, f"the key `{path}` is not honoured: {why}")
    elif why := known.idle.get(entry.key):
        if not asks_nothing(entry.value):
            reading.note(entry.place, f"`{path}` has no effect here: {why}")
    else:
        every = (*known.taken, *known.idle, *known.refused)
        close = known.meant.get(entry.key) or next(iter(nearest(entry.key, sorted(every))), None)
        reading.refuse(entry.place, f"the key `{path}` is unknown", close)


_INTERNAL = "it is SkyPilot's own bookkeeping"
_ESTIMATE = "it only estimates costs"
_STOPPED = "nothing runs when a pod is stopped; trap SIGTERM in `run`"
_VM = "it is for virtual machines; on Kubernetes SkyPilot has none of it either"

TASK: Final = keys(
    "name workdir num_nodes resources setup run envs secrets file_mounts volumes config",
    idle={
        "inputs": _ESTIMATE,
        "outputs": _ESTIMATE,
        "event_callback": "`hpctl job wait` tells how a job ends",
        "file_mounts_mapping": _INTERNAL,
        "volume_mounts": _INTERNAL,
        "_metadata": _INTERNAL,
        "api_server_access": _INTERNAL,
        "_policy_applied": _INTERNAL,
    },
    refused={
        "service": "hpctl serves no models from a SkyPilot file; without it the `run` part is submitted as a job",
        "pool": "there are no worker pools; submit one job for each piece of work, to a `--queue`",
        "managed_secrets": "it needs a SkyPilot server; name them in `secrets` and give `--secret NAME`",
        "execution": "a file of several tasks is a pipeline; submit one file for each",
    },
    meant={
        "env": "envs",
        "command": "run",
        "image": "resources.image_id",
        "image_id": "resources.image_id",
        "accelerators": "resources.accelerators",
        "gpus": "resources.accelerators",
        "nodes": "num_nodes",
        "mounts": "file_mounts",
        "storage_mounts": "file_mounts",
    },
)

EXPERIMENTAL: Final = keys("config_overrides")

RESOURCES: Final = keys(
    "infra cloud region zone accelerators cpus memory instance_type image_id disk_size network_tier ports labels "
    "priority_class job_recovery any_of ordered use_spot",
    renamed={"ephemeral_storage": "disk_size"},
    idle={
        "autostop": "a job's pods end by themselves",
        "priority": "only SkyPilot's managed jobs order by it; `priority_class` or `--priority` names a priority here",
        "disk_tier": _VM,
        "local_disk": _VM,
        "max_hourly_cost": "the nodes are paid for already",
        "_docker_login_config": _INTERNAL,
        "_docker_username_for_runpod": _INTERNAL,
        "_cluster_config_overrides": _INTERNAL,
        "_requires_fuse": _INTERNAL,
        "_is_image_managed": _INTERNAL,
        "_no_missing_accel_warnings": _INTERNAL,
    },
    refused={
        "accelerator_args": "it is for TPUs, and HyperPod has none",
        "volumes": "it attaches disks of virtual machines; mount a claim by the `volumes` beside `resources`",
        "spot_recovery": "its name is `job_recovery` by now",
        "preemption": _STOPPED,
        "termination_hook": _STOPPED,
        "tpu_args": "HyperPod has no TPUs",
    },
    meant={
        "gpus": "accelerators",
        "gpu": "accelerators",
        "accelerator": "accelerators",
        "image": "image_id",
        "mem": "memory",
        "cpu": "cpus",
        "num_nodes": "num_nodes, at the top level",
        "spot": "use_spot",
        "disk": "disk_size",
    },
)

_SERVER = "it belongs to the user's own configuration of SkyPilot, which hpctl does not have"
_CLOUD = "it is for another cloud"

CONFIG: Final = keys(
    "kubernetes",
    idle={
        "docker": _VM,
        "nvidia_gpus": _VM,
        "slurm": "the job runs on EKS",
        **dict.fromkeys(
            ("aws", "gcp", "azure", "oci", "ibm", "nebius", "vast", "lambda", "runpod", "ssh", "cloudflare"), _CLOUD
        ),
        "jobs": _SERVER,
        "allowed_clouds": _SERVER,
        "admin_policy": _SERVER,
        "rbac": _SERVER,
        "db": _SERVER,
        "api_server": _SERVER,
        "logs": _SERVER,
        "daemons": _SERVER,
        "active_workspace": _SERVER,
        "workspaces": _SERVER,
        "provision": _SERVER,
    },
    refused={
        "serve": "hpctl serves no models from a SkyPilot file",
        "hooks": _STOPPED,
    },
)

KUBERNETES: Final = keys(
    "pod_config custom_metadata kueue quota remote_identity set_pod_resource_limits",
    idle={
        "provision_timeout": "the job waits in its queue for as long as it takes; `--timeout` bounds `--wait`",
        "networking": "ranks reach each other directly",
        "ports": "`hpctl` opens no way in from outside",
        "allowed_contexts": "`--cluster` says which cluster",
        "context_configs": "`--cluster` says which cluster",
        "autoscaler": "an instance group has its nodes",
        "pricing": _ESTIMATE,
        "high_availability": _SERVER,
        "apt_mirrors": "nothing is installed in pods",
        "fuse": "nothing is mounted by FUSE",
    },
    refused={
        "dws": "it is of Google's scheduler; use `kueue.local_queue_name`",
        "container_tools": "pods have no Docker; build the image beforehand",
        "enable_docker": "pods have no Docker; build the image beforehand",
        "namespace": "give `--namespace` instead",
        "allowed_nodes": "use `pod_config` with a `nodeSelector` instead",
        "post_provision_runcmd": "put it into `setup`",
        "auto_mounts": "name each claim in `volumes`",
    },
)

KUEUE: Final = keys("local_queue_name", idle={"admission_timeout": "the job waits in its queue until it is admitted"})
QUOTA: Final = keys("queue")
METADATA: Final = keys("labels annotations")
RECOVERY: Final = keys(
    "strategy max_restarts_on_errors",
    refused={
        "recover_on_exit_codes": "restarts do not look at exit codes; use `max_restarts_on_errors`",
        "min_nodes": "a job has all of its nodes or none; `num_nodes` says how many",
    },
)
STORAGE: Final = keys(
    "name source store mode config",
    idle={
        "persistent": "hpctl never deletes a bucket",
        "type": "hpctl copies or mounts as `mode` says",
        "_is_sky_managed": _INTERNAL,
        "_bucket_sub_path": _INTERNAL,
        "_force_delete": _INTERNAL,
    },
)
STORAGE_CONFIG: Final = keys("mount", idle={"mount_cached": "nothing is cached on the node"})
STORAGE_MOUNT: Final = keys("read_only")
_OF_THE_CLAIM: Final = {
    "access_mode": "the claim has its own",
    "storage_class_name": "the claim has its own",
    "labels": "the claim has its own",
    "infra": "`--cluster` says which cluster",
}
_NAMESPACE: Final = {"namespace": "a claim is used in the job's own namespace; give `--namespace`"}
VOLUME: Final = keys(
    "name type use_existing config host_path",
    idle=_OF_THE_CLAIM,
    refused={"size": "hpctl makes no volumes; name a PersistentVolumeClaim that exists", **_NAMESPACE},
)
VOLUME_CONFIG: Final = keys("host_path use_existing", idle=_OF_THE_CLAIM, refused=_NAMESPACE)
