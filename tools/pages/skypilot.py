"""The page of SkyPilot's keys, from the tables by which task files are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from hpctl.spec.accelerators import accelerator_names
from hpctl.spec.skypilot import keys
from tools.pages.markdown import code, codes, page, sections, table

INTRODUCTION = """\
`hpctl job submit` takes task files of SkyPilot 0.14.1, and older spellings of keys. Every key is either honoured, or it
has no effect and a notice of the plan says so, or the file is refused by the key's name before anything is created. A
key that stands nowhere here is refused with the nearest that does. What is null, false or empty asks for nothing and is
passed over. [How to run a SkyPilot task](../how-to/skypilot-yaml.md) tells what its scripts may count on."""

_PARTS: Final[Mapping[str, keys.Keys]] = {
    "The task": keys.TASK,
    "`experimental`": keys.EXPERIMENTAL,
    "`resources`": keys.RESOURCES,
    "`resources.job_recovery`": keys.RECOVERY,
    "`file_mounts`, each as a mapping": keys.STORAGE,
    "`file_mounts`, `config` of each": keys.STORAGE_CONFIG,
    "`file_mounts`, `config.mount` of each": keys.STORAGE_MOUNT,
    "`volumes`, each as a mapping": keys.VOLUME,
    "`volumes`, `config` of each": keys.VOLUME_CONFIG,
    "`config`": keys.CONFIG,
    "`config.kubernetes`": keys.KUBERNETES,
    "`config.kubernetes.custom_metadata`": keys.METADATA,
    "`config.kubernetes.kueue`": keys.KUEUE,
    "`config.kubernetes.quota`": keys.QUOTA,
}

_LIMITED: Final[Mapping[str, Mapping[str, str]]] = {
    "The task": {"workdir": "a folder of this machine; a repository is refused"},
    "`resources`": {
        "infra": "`k8s` and `aws`; a context or a Region in it gets a notice, other clouds are refused",
        "cloud": "as `infra`, with `region` and `zone`",
        "image_id": "container images; images of machines are refused",
        "instance_type": "HyperPod's types, which begin with `ml.`",
        "network_tier": "`best` is the rule; `standard` asks for no EFA interface",
        "use_spot": "`false`; `true` is refused, and in `any_of` leaves the alternative out",
    },
    "`resources.job_recovery`": {"strategy": "a notice: a job stays on its cluster"},
    "`file_mounts`, each as a mapping": {
        "store": "`s3`; other stores are refused",
        "source": "one; `s3://`, or with `mode: COPY` a file or folder of this machine",
        "mode": "`COPY` alone: `MOUNT` and `MOUNT_CACHED` need a claim that mounts the bucket, in `volumes`",
    },
    "`config.kubernetes`": {"remote_identity": "the name of a service account"},
}


def skypilot() -> str:
    """Return the page."""
    parts = [(heading, _section(known, _LIMITED.get(heading, {}))) for heading, known in _PARTS.items()]
    parts.append(("Accelerators", _accelerators()))
    return page("SkyPilot's keys", "`hpctl.spec.skypilot.keys`", INTRODUCTION, sections(parts))


def _section(known: keys.Keys, limited: Mapping[str, str]) -> Iterator[str]:
    if whole := sorted(known.taken - limited.keys()):
        yield f"Honoured: {codes(whole)}."
    if known.renamed:
        yield "Older names: " + ", ".join(f"{code(old)} is {code(new)}" for old, new in known.renamed.items()) + "."
    rows = [(code(key), "honoured in part", what) for key, what in limited.items()]
    rows += [(code(key), "refused", why) for key, why in known.refused.items()]
    rows += [(code(key), "no effect", why) for key, why in known.idle.items()]
    if rows:
        yield table(("key", "what becomes of it", "what counts, or why"), rows)


def _accelerators() -> Iterator[str]:
    yield (
        "A name is one device of each node, `NAME:COUNT` more; upper and lower case count as the same. What asks for a "
        "device is satisfied by the same with more memory (`A100` by `A100-80GB`), never by less. Of Neuron devices, "
        "chips are counted."
    )
    rows = ((code(name), codes(row.name for row in types)) for name, types in accelerator_names().items())
    yield table(("name", "instance types"), rows)
