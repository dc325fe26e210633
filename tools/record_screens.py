"""Record `docs/screens/` in a real terminal: `python -m tools.record_screens`, or `make screens`.

Every scene is played at two sizes, those of an account in a sandbox of their own each. With `alone` only what needs
no account is recorded, which takes seconds: the help, for example, after a command was added.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tools.screens.picture import svg
from tools.screens.stage import alone, in_an_account, recorded
from tools.screens.story import ALONE, IN_AN_ACCOUNT, Scene
from tools.screens.terminal import Row, Size

FOLDER: Final = Path(__file__).resolve().parents[1] / "docs" / "screens"
STORIES: Final = ("alone", "account")
SIZES: Final = (Size(80, 24), Size(200, 50))


def name_of(scene: Scene, size: Size) -> str:
    """Return the name of a picture's file."""
    return f"{scene.name}-{size.columns}.svg"


def pictures(stories: Sequence[str] = STORIES) -> Iterator[tuple[str, str]]:
    """Play the stories, and yield each picture's name and text."""
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            if "alone" in stories:
                with alone(Path(folder)) as stage:
                    yield from _drawn(recorded(ALONE, size, stage), size)
            if "account" in stories:
                with in_an_account(Path(folder)) as stage:
                    yield from _drawn(recorded(IN_AN_ACCOUNT, size, stage), size)


def _drawn(seen: Iterator[tuple[Scene, tuple[Row, ...]]], size: Size) -> Iterator[tuple[str, str]]:
    for scene, rows in seen:
        yield name_of(scene, size), svg(rows, f"{scene.title}: {scene.command}")


def main() -> None:
    """Record pictures, those of `alone` or `account` where one is named, and take away those that no scene has."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pictures(tuple(sys.argv[1:]) or STORIES):
        (FOLDER / name).write_text(text, encoding="utf-8")
        print(name)
    wanted = {name_of(scene, size) for scene in (*ALONE, *IN_AN_ACCOUNT) for size in SIZES}
    for path in FOLDER.glob("*.svg"):
        if path.name not in wanted:
            path.unlink()


if __name__ == "__main__":
    main()
