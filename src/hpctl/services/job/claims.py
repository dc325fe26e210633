"""Why pods get no node because of what they mount: claims that are not there, or have no volume.

Source: the words of the scheduler's volume plug-ins (kubernetes 1.33, pkg/scheduler/framework/plugins/volumebinding).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from hpctl.errors import AccessError, NotFoundError
from hpctl.facts.job_ports import JobObjects
from hpctl.facts.jobs import CLAIM, Job
from hpctl.report.cluster import Diagnosis
from hpctl.services.job.shape import pod_spec
from hpctl.services.job.where import Where

_ABOUT_VOLUMES: Final = re.compile(r"persistentvolume|volume node affinity", re.IGNORECASE)


def why_without_volumes(job: Job, said: str, at: Where, jobs: JobObjects) -> Iterator[Diagnosis]:
    """Yield which claims keep pods from a node, if the scheduler's words are about volumes."""
    if not _ABOUT_VOLUMES.search(said):
        return
    names = tuple(dict.fromkeys(_claims(pod_spec(job))))
    causes = tuple(filter(None, (_against(name, job, at, jobs) for name in names)))
    yield Diagnosis(
        subject=job.reference,
        message=f"its pods wait for a volume: {said}",
        cause="; ".join(causes) or "no node reaches the volumes that the job mounts: they are in another zone",
        remedy="\n".join(f"kubectl describe pvc {name} --namespace {job.namespace}" for name in names) or None,
    )


def _claims(spec: Mapping[str, Any]) -> Iterator[str]:
    for volume in spec.get("volumes") or ():
        name = ((volume or {}).get("persistentVolumeClaim") or {}).get("claimName")
        if name:
            yield str(name)


def _against(name: str, job: Job, at: Where, jobs: JobObjects) -> str | None:
    try:
        claim = jobs.read(at.eks, CLAIM, job.namespace, name)
    except NotFoundError:
        return f"claim `{name}` is not in namespace `{job.namespace}`"
    except AccessError as error:
        return f"claim `{name}` cannot be looked at ({error.message.partition(':')[0]})"
    phase, spec = (claim.get("status") or {}).get("phase"), claim.get("spec") or {}
    if phase == "Bound":
        return None
    by = f"storage class `{spec['storageClassName']}`" if spec.get("storageClassName") else "no storage class"
    return f"claim `{name}` has no volume yet: it is {phase or 'Pending'}, with {by}"
