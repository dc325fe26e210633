"""Which jobs wait in a queue, in the order in which Kueue looks at them, and why.

Source: Kueue's documentation (Workload, "Queueing strategy"): the higher priority first, then the older. What was put
back because its pods were not ready, or a check failed, counts from then; what was preempted keeps its age.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from hpctl.facts.queue_words import in_short
from hpctl.report.queues import TeamQueue, WaitingJob
from hpctl.services.job.queued import EVICTIONS
from hpctl.services.queue.reading import Object, conditions

_ANEW: Final = frozenset({"PodsReadyTimeout", "AdmissionCheck"})


def waiting_jobs(workloads: Iterable[Object], queues: Iterable[TeamQueue]) -> Iterator[WaitingJob]:
    """Yield what waits in these queues, which are those of one cluster queue."""
    ours = {(row.namespace, row.name) for row in queues}
    found = sorted((one for one in workloads if _queue(one) in ours and _waits(one)), key=_order)
    for position, one in enumerate(found, start=1):
        namespace, queue = _queue(one)
        yield WaitingJob(
            position=position,
            namespace=namespace,
            job=_job(one),
            queue=queue,
            priority=_priority(one),
            priority_class=_priority_class(one),
            reason=_reason(one),
        )


def _queue(workload: Object) -> tuple[str, str]:
    return str(workload["metadata"].get("namespace")), str((workload.get("spec") or {}).get("queueName") or "")


def _waits(workload: Object) -> bool:
    if (workload.get("spec") or {}).get("active") is False:
        return False
    found = conditions(workload)
    return not any(found.get(name, {}).get("status") == "True" for name in ("Finished", "QuotaReserved"))


def _order(workload: Object) -> tuple[int, str, str]:
    evicted, metadata = conditions(workload).get("Evicted", {}), workload["metadata"]
    anew = evicted.get("status") == "True" and evicted.get("reason") in _ANEW
    since = evicted.get("lastTransitionTime") if anew else metadata.get("creationTimestamp")
    return -_priority(workload), str(since or ""), str(metadata.get("uid") or metadata["name"])


def _priority(workload: Object) -> int:
    return int((workload.get("spec") or {}).get("priority") or 0)


def _priority_class(workload: Object) -> str:
    """Return its name: v1beta2 refers to it by an object."""
    spec = workload.get("spec") or {}
    return str((spec.get("priorityClassRef") or {}).get("name") or spec.get("priorityClassName") or "")


def _job(workload: Object) -> str:
    """Return the job as `hpctl job describe` takes it, or the Workload where no object owns it."""
    metadata = workload["metadata"]
    owner = next((row for row in metadata.get("ownerReferences") or () if row.get("controller")), None)
    return f"{str(owner['kind']).lower()}/{owner['name']}" if owner else f"workload/{metadata['name']}"


def _reason(workload: Object) -> str:
    found = conditions(workload)
    evicted, reserved = found.get("Evicted", {}), found.get("QuotaReserved", {})
    words = [in_short(str(reserved.get("message") or ""))]
    if evicted.get("status") == "True":
        said = str(evicted.get("reason") or "")
        words.insert(0, f"put back: {EVICTIONS.get(said) or evicted.get('message') or said}")
    return "; ".join(filter(None, words)) or "Kueue has not looked at it yet"
