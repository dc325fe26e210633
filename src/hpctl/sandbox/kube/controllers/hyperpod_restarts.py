"""How often a HyperPodPyTorchJob may be restarted, and whether its pods stay when it is.

Sources: the models of sagemaker-hyperpod 3.12.0 (`RunPolicy`, `RestartPolicy`, `RestartStatus` and what they say about
their fields). What stands in no field is unlimited.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hpctl.sandbox.kube.resources import Object


@dataclass(frozen=True, slots=True)
class Restart:
    """The next restart: what the job's status says of it, and whether all pods are made anew for it."""

    status: Object
    full: bool


def next_restart(policy: Object, status: Object, age_s: float) -> Restart | str:
    """Return the restart that a fault leads to, or why there is none; `age_s` is how old the job is, in seconds."""
    done = int(status.get("restartCount", 0))
    most = policy.get("jobMaxRetryCount")
    if most is not None and done >= most:
        return f"it has been restarted {done} times, which is its jobMaxRetryCount"
    told: Object = {"restartCount": done + 1}
    rules = policy.get("restartPolicy")
    if rules is None:
        return Restart(told, full=False)
    return _limited(rules, status.get("restartStatus") or {}, told, age_s)


def _limited(rules: Object, before: Object, told: Object, age_s: float) -> Restart | str:
    window = int(age_s // max(rules["evalPeriodSeconds"], 1))
    same = before.get("currentEvalPeriod") == window
    restarts, full = (int(before.get(name, 0)) if same else 0 for name in ("restartCount", "fullJobRestartCount"))
    standard = rules.get("numRestartBeforeFullJobRestart")
    if standard is None or restarts < standard:
        counted = {"restartCount": restarts + 1, "fullJobRestartCount": full}
        return Restart({**told, "restartStatus": {**counted, "currentEvalPeriod": window}}, full=False)
    most = rules.get("maxFullJobRestarts")
    if most is not None and full >= most:
        return f"it has been restarted with all of its pods {full} times, which is its maxFullJobRestarts"
    counted = {"restartCount": 0, "fullJobRestartCount": full + 1}
    return Restart({**told, "restartStatus": {**counted, "currentEvalPeriod": window}}, full=True)
