"""The commands of jobs, each with the calls of its own that faults strike, and what there is when it begins."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

NAME = "one"


class Begin(StrEnum):
    """What there is of the job before."""

    NOTHING = "nothing"
    RUNNING = "Running"
    ENDED = "Succeeded"


@dataclass(frozen=True)
class JobVerb:
    """A command. `every` are the calls that meet every fault, `some` those that meet a few, by operation.

    What finds the job is the same code in all commands: `list` and `describe` alone are struck there.
    """

    label: str
    words: tuple[str, ...]
    begin: Begin
    every: tuple[str, ...] = ()
    some: tuple[str, ...] = ()
    aws: tuple[str, ...] = ()

    @property
    def recorded(self) -> str:
        """The file of what is recorded of it."""
        return f"jobs/{self.label.replace(' ', '-')}.json"


SUBMIT = JobVerb(
    "job submit",
    ("job", "submit", "--name", NAME, "--nodes", "2", "--accelerators", "H100:8", "--", "hostname"),
    Begin.NOTHING,
    every=("create configmaps", "create pytorchjobs.kubeflow.org", "patch configmaps"),
    some=("list pods", "list nodes", "get configmaps", "get pytorchjobs.kubeflow.org", "get namespaces",
          "list deployments.apps", "create selfsubjectaccessreviews.authorization.k8s.io"),
    aws=("sts:GetCallerIdentity",),
)  # fmt: skip
LIST = JobVerb(
    "job list",
    ("job", "list"),
    Begin.ENDED,
    every=("list pytorchjobs.kubeflow.org",),
    some=("get /apis", "get /apis/kubeflow.org/v1", "list jobs.batch"),
    aws=("sagemaker:ListClusters", "sagemaker:DescribeCluster", "eks:DescribeCluster"),
)
DESCRIBE = JobVerb(
    "job describe",
    ("job", "describe", NAME),
    Begin.ENDED,
    some=("get pytorchjobs.kubeflow.org", "list pods", "list events"),
)
LOGS = JobVerb(
    "job logs", ("job", "logs", NAME, "--rank", "0"), Begin.ENDED, every=("get pods/log",), some=("list pods",)
)
WAIT = JobVerb("job wait", ("job", "wait", NAME), Begin.ENDED, some=("list pods", "list events"))
CANCEL = JobVerb(
    "job cancel", ("job", "cancel", NAME, "--yes"), Begin.RUNNING, every=("patch pytorchjobs.kubeflow.org",)
)
DELETE = JobVerb(
    "job delete",
    ("job", "delete", NAME, "--yes"),
    Begin.ENDED,
    every=("delete pytorchjobs.kubeflow.org",),
    some=("list configmaps",),
)
ALL = (SUBMIT, LIST, DESCRIBE, LOGS, WAIT, CANCEL, DELETE)
