"""The environment of a job's container: every value arrives exactly, or is refused.

Sources: Kubernetes API reference (EnvVar: `$(NAME)` is expanded, `$$` is `$`) and its expansion; execve(2) for the
longest string that a program can be given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from hpctl.compile.bundle import Payload
from hpctl.compile.making import Making
from hpctl.errors import UsageError
from hpctl.spec.job import JobSpec

OWN_PREFIX: Final = "HPCTL_"
HOSTS: Final = "HPCTL_HOSTS"
POD_IP: Final = "HPCTL_POD_IP"
VISIBLE_GPUS: Final = "NVIDIA_VISIBLE_DEVICES"
LONGEST: Final = 128 * 1024 - 1
"""Bytes of one variable with its name (MAX_ARG_STRLEN of Linux without the closing NUL)."""
MOST: Final = 512 * 1024
"""Bytes of all variables: below what execve takes, and what etcd keeps of one object with the rest of it."""


def environment(making: Making, hosts: Sequence[str]) -> list[dict[str, Any]]:
    """Return the `env` of the container: where it is, the job's variables, its secrets by reference.

    `hosts` are the names of the ranks, by rank. A job without accelerators is kept from seeing those of its node:
    CUDA's images ask the NVIDIA runtime for all of them.

    Raises:
        UsageError: a variable cannot be given to a program, or a secret has no value.
    """
    spec = making.spec
    secrets = secret_values(spec, making.payload)
    plain = {name: value for name, value in spec.env.items() if name not in secrets}
    judge({**plain, **secrets})
    rows: list[dict[str, Any]] = [{"name": POD_IP, "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]
    if hosts:
        rows.append({"name": HOSTS, "value": _joined(hosts)})
    if not making.placement.devices and VISIBLE_GPUS not in {**plain, **secrets}:
        rows.append({"name": VISIBLE_GPUS, "value": "none"})
    rows.extend({"name": name, "value": escaped(value)} for name, value in plain.items())
    reference = secret_name(spec)
    rows.extend({"name": name, "valueFrom": {"secretKeyRef": {"name": reference, "key": name}}} for name in secrets)
    return rows


def _joined(hosts: Sequence[str]) -> str:
    value = " ".join(hosts)
    if len(HOSTS) + 1 + len(value) > LONGEST:
        raise UsageError(f"the names of {len(hosts)} nodes are too long to be told to each", hint="a shorter `name`")
    return value


def secret_name(spec: JobSpec) -> str:
    """Return the name of the job's Secret."""
    return f"{spec.name}-secrets"


def secret_values(spec: JobSpec, payload: Payload) -> dict[str, str]:
    """Return the values of the job's secrets; raises `UsageError` when one has none."""
    for name in spec.secrets:
        if name not in payload.secrets:
            hint = f"set it in the environment and say `--secret {name}`, or `--secret {name}=@FILE`"
            raise UsageError(f"the secret `{name}` has no value", hint=hint)
    return {name: payload.secrets[name] for name in dict.fromkeys((*spec.secrets, *payload.secrets))}


def escaped(value: str) -> str:
    """Return what Kubernetes makes `value` of; text that it would not touch stays as it is."""
    return value.replace("$", "$$") if "$(" in value or "$$" in value else value


def judge(variables: Mapping[str, str]) -> None:
    """Refuse variables that no program can be given.

    Raises:
        UsageError: with the name of the first, never a value: it may be secret.
    """
    total = 0
    for name, value in variables.items():
        for why in _faults(name, value):
            raise UsageError(f"the variable `{name}` {why}", hint="write long or binary values to a file of `workdir`")
        total += len(name.encode()) + len(value.encode()) + 2
    if total > MOST:
        raise UsageError(f"the variables of the job are {total} bytes together, above {MOST}")


def _faults(name: str, value: str) -> Iterator[str]:
    if name.startswith(OWN_PREFIX):
        yield f"begins with `{OWN_PREFIX}`, as those of hpctl do"
    if "\0" in value or not _encodes(value):
        yield "holds what no environment can: a NUL, or half a surrogate pair"
    elif len(name.encode()) + 1 + len(value.encode()) > LONGEST:
        yield f"is longer than {LONGEST} bytes"


def _encodes(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
