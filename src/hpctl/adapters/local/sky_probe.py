"""The program that asks SkyPilot, run by the Python of SkyPilot's own environment: hpctl never imports SkyPilot.

`sky check` would leave a server of a gigabyte behind and end with 0 whatever it finds; what it calls is called here.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from hpctl.facts.sky import SkyVerdict

MARK: Final = "hpctl-verdict "
"""Begins the line with the answer: SkyPilot prints of its own, too."""

PROGRAM: Final = f"""
import json, sys
from sky import clouds
from sky.catalog import kubernetes_catalog
from sky.clouds.cloud import CloudCapability

context = sys.argv[1]
usable, told = clouds.Kubernetes.check_credentials(CloudCapability.COMPUTE)
answer = {{"usable": usable, "told": told}}
if isinstance(told, dict) and context in told:
    try:
        _, total, free = kubernetes_catalog.list_accelerators_realtime(True, None, context, None)
        answer["accelerators"] = {{kind: [total[kind], free.get(kind, 0)] for kind in total}}
    except Exception as error:
        answer["uncounted"] = str(error)
print("\\n{MARK}" + json.dumps(answer))
"""

_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")
_ENABLED: Final = re.compile(r"enabled\.(?: Note: )?")
_DISABLED: Final = re.compile(r"disabled\. Reason: ")


def verdict_of(output: str) -> SkyVerdict | None:
    """Read what the program prints; None when it did not get so far."""
    lines = [line.removeprefix(MARK) for line in output.splitlines() if line.startswith(MARK)]
    if not lines:
        return None
    answer: dict[str, Any] = json.loads(lines[-1])
    told = answer["told"]
    if not isinstance(told, dict):
        return SkyVerdict(reason=_plain(told or "SkyPilot gives no reason"))
    return SkyVerdict(
        contexts={context: _context(text) for context, text in told.items()},
        accelerators={kind: (total, free) for kind, (total, free) in answer.get("accelerators", {}).items()},
        uncounted=_plain(answer.get("uncounted", "")),
    )


def _context(text: str) -> tuple[bool, str]:
    """Return whether a context is enabled, and what else is said of it."""
    plain = _plain(text)
    if found := _ENABLED.match(plain):
        return True, plain[found.end() :]
    return False, _DISABLED.sub("", plain, count=1)


def _plain(text: str) -> str:
    return " ".join(_COLOURS.sub("", text).split())
