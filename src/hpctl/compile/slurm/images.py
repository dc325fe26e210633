"""Container images as pyxis and enroot name them.

Sources: the documentation of NVIDIA/pyxis (`--container-image`) and NVIDIA/enroot (`enroot import`): a path begins with
`/` or `./`; anything else is `[USER@][REGISTRY#]IMAGE[:TAG]`.
"""

from __future__ import annotations

import re
from typing import Final

from hpctl.errors import UsageError

_SCHEMES: Final = ("docker://", "dockerd://", "podman://")
_USABLE: Final = re.compile(r"[\w./:@#%+~=-]+", re.ASCII)


def pyxis_image(image: str) -> str:
    """Return an image as `srun --container-image` takes it; a path stays what it is.

    Raises `UsageError` for an image that cannot stand there.
    """
    bare = image.removeprefix("docker://")
    if not _USABLE.fullmatch(bare) or bare.startswith("-"):
        raise UsageError(f"`{image}` is no image that enroot can import", hint="NAME:TAG, or the path of a .sqsh file")
    if bare.startswith(("/", "./", *_SCHEMES)) or "#" in bare:
        return bare
    registry, slash, rest = bare.partition("/")
    is_registry = bool(slash) and ("." in registry or ":" in registry or registry == "localhost")
    return f"{registry}#{rest}" if is_registry else bare
