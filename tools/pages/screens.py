"""The page of pictures, from the list of scenes."""

from __future__ import annotations

from collections.abc import Iterator

from tools.pages.markdown import code, page, sections
from tools.record_screens import SIZES, name_of
from tools.screens.story import ALONE, IN_AN_ACCOUNT, Scene

INTRODUCTION = """\
What a person sees, recorded in a real pseudo-terminal of 80 and of 200 columns by `make screens`. The account is that
of the [sandbox](../how-to/any-aws-client.md); ids, times and ages are replaced by ones that stay."""


def screens() -> str:
    """Return the page."""
    return page(
        "Screens",
        "the list of scenes",
        INTRODUCTION,
        sections((one.title, _shown(one)) for one in (*ALONE, *IN_AN_ACCOUNT)),
    )


def _shown(scene: Scene) -> Iterator[str]:
    yield code(scene.command)
    for size in SIZES:
        place = f"../screens/{name_of(scene, size)}"
        yield f"[![{scene.title}, {size.columns} columns]({place})]({place})"
