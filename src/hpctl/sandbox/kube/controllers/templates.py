"""What a pod template is known by, in names and labels."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hpctl.sandbox.kube.resources import Object

# Ten letters without vowels, as Kubernetes makes them of its own hash (k8s.io/apimachinery/pkg/util/rand).
_LETTERS: Final = "bcdfghjklmnpqrstvwxz2456789"
_LENGTH: Final = 10


def digest(template: Object) -> str:
    """Return the same short word for the same template."""
    found = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).digest()
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in found[:_LENGTH])
