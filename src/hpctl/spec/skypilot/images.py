"""`image_id`: what the pods' containers are made of."""

from __future__ import annotations

from hpctl.spec.nodes import MappingNode, Node
from hpctl.spec.reading import Reading, shown

_DOCKER = "docker:"
_MACHINE_IMAGES = ("ami-", "skypilot:", "projects/", "image-", "ocid1.")


def image(reading: Reading, node: Node) -> str | None:
    """Read a container image, with or without `docker:`, or a map of regions to images that all agree."""
    if isinstance(node, MappingNode):
        images = {image(reading, entry.value): entry for entry in node.entries}
        if len(images) > 1:
            reading.refuse(node.place, "the images differ by region, and the cluster is in one; name one image")
        return next(iter(images), None)
    text = (reading.text(node) or "").strip()
    bare = text[len(_DOCKER) :] if text.casefold().startswith(_DOCKER) else text
    reading.found["image",] = node.place
    if text.startswith(_MACHINE_IMAGES):
        reading.refuse(node.place, f"{shown(node)} is a machine's image; pods take `docker:IMAGE`")
        return None
    if not bare or any(character.isspace() for character in bare):
        reading.refuse(node.place, f"{shown(node)} is not a container image, such as `docker:REPOSITORY/NAME:TAG`")
        return None
    return bare
