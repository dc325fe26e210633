"""Files that look like credentials: what goes along with a job is read by everybody who reads its namespace."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Final

_NAMES: Final = (
    ".env",
    ".env.*",
    "*.pem",
    "*.p12",
    "*.pfx",
    "*.jks",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "credentials",
    "credentials.json",
    "kubeconfig",
    ".netrc",
    "_netrc",
    ".pgpass",
    ".pypirc",
    ".git-credentials",
    ".htpasswd",
)
_PATHS: Final = (".kube/config", ".docker/config.json", ".huggingface/token", "huggingface/token")
_SAMPLES: Final = (".example", ".sample", ".template", ".dist")

_PRIVATE_KEY: Final = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_CERTIFICATE: Final = re.compile(rb"-----BEGIN [A-Z ]*(?:CERTIFICATE|PUBLIC KEY|CRL)-----")
_URL_WITH_PASSWORD: Final = re.compile(rb"://[^/\s@]+:[^/\s@]+@|://(?!git@)[^/\s@:]{20,}@")
_AUTHORIZATION: Final = re.compile(rb"extraheader\s*=\s*authorization", re.IGNORECASE)


def looks_sensitive(path: PurePosixPath, content: bytes) -> bool:
    """Whether a file looks like credentials: by its name, a private key in it, or a token in git's configuration."""
    if path.name == "config" and ".git" in path.parts:
        return bool(_URL_WITH_PASSWORD.search(content) or _AUTHORIZATION.search(content))
    if path.suffix == ".pem" and _CERTIFICATE.search(content) and not _PRIVATE_KEY.search(content):
        return False
    if any(fnmatchcase(path.name, pattern) for pattern in _NAMES):
        return not path.name.endswith(_SAMPLES)
    return any(str(path).endswith(known) for known in _PATHS) or (
        path.suffix in (".key", "") and _PRIVATE_KEY.match(content) is not None
    )
