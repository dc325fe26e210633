"""The environment that aims every client of AWS and of Kubernetes at a sandbox, and at nothing else.

A client that loses the endpoint still reads the sandbox's credentials file, whose keys no real account
knows: it is refused, never let loose on a real account.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from hpctl.sandbox.home import Home, SandboxState, write_private

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Everything through which a client could find other credentials, or another address.
_UNSET = (
    "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_CREDENTIAL_EXPIRATION",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_ENDPOINT_URL_EC2", "AWS_ENDPOINT_URL_EKS", "AWS_ENDPOINT_URL_IAM",
    "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_SAGEMAKER", "AWS_ENDPOINT_URL_SSM", "AWS_ENDPOINT_URL_STS",
)  # fmt: skip


def environment(state: SandboxState) -> dict[str, str | None]:
    """Return the variables of a sandbox's clients, by name; None stands for one that must not be set."""
    home = Home(Path(state.home))
    return {
        "AWS_ENDPOINT_URL": state.endpoint,
        "AWS_REGION": state.region,
        "AWS_DEFAULT_REGION": state.region,
        "AWS_CONFIG_FILE": str(home.aws_config),
        "AWS_SHARED_CREDENTIALS_FILE": str(home.aws_credentials),
        "AWS_EC2_METADATA_DISABLED": "true",
        # Every sandbox is the same account: what hpctl remembers of one is not true of another.
        "HPCTL_STATE_HOME": str(home.records),
        "KUBECONFIG": str(home.kubeconfig),
        **dict.fromkeys(_UNSET),
        **{name: value for name, value in state.seed.items() if name.isupper()},
    }


def shell_lines(variables: Mapping[str, str | None]) -> Iterator[str]:
    """Yield lines for a POSIX shell's `eval`."""
    for name, value in variables.items():
        yield f"unset {name}" if value is None else f"export {name}={shlex.quote(value)}"


def applied(variables: Mapping[str, str | None], base: Mapping[str, str]) -> dict[str, str]:
    """Return a process environment: `base` with the variables set and unset."""
    kept = {name: value for name, value in base.items() if name not in variables}
    return kept | {name: value for name, value in variables.items() if value is not None}


def write_client_files(state: SandboxState) -> None:
    """Write the configuration and credentials files that the environment names."""
    home = Home(Path(state.home))
    write_private(home.aws_config, f"[default]\nregion = {state.region}\nendpoint_url = {state.endpoint}\n")
    keys = [f"{name} = {value}\n" for name, value in state.seed.items() if name.startswith("aws_")]
    write_private(home.aws_credentials, "".join(["[default]\n", *keys]))
