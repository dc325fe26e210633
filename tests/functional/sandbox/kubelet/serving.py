"""A server of its own process, to be killed: `python serving.py FOLDER apart|shared MARKER`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[4]))

from tests.functional.sandbox.kubelet.clusters import cluster


async def serve(folder: Path, kind: str, marker: str) -> None:
    """Run one pod whose processes try to get away, say so, and go on."""
    async with cluster(folder, apart=kind == "apart", kept=True) as made:
        before = len(made.api.list(made.api.resource("v1", "Pod")))
        if not before:
            script = f"(setsid sleep {marker} &); (sleep {marker} &); trap '' TERM; sleep {marker}; :"
            made.shell("held", script, restartPolicy="Always")
        await made.until("held", lambda _: made.status("held")["restartCount"] == before)
        await made.until("held", lambda _: made.status("held")["state"]["running"])
        print("up", made.status("held")["restartCount"], flush=True)  # noqa: T201  # its parent waits for it
        await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
