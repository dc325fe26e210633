"""A mapping of texts that cannot change, for labels and tags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import AfterValidator, PlainSerializer


class FrozenMap(Mapping[str, str]):
    """Text to text, in the order written; hashable, so that a whole spec is."""

    __slots__ = ("_entries",)

    def __init__(self, entries: Mapping[str, str] | None = None) -> None:
        """Copy the entries: nobody else holds them."""
        self._entries = dict(entries or {})

    def __getitem__(self, key: str) -> str:
        """Look one text up."""
        return self._entries[key]

    def __iter__(self) -> Iterator[str]:
        """Walk the keys in the order written."""
        return iter(self._entries)

    def __len__(self) -> int:
        """Count the entries."""
        return len(self._entries)

    def __hash__(self) -> int:
        """Hash the entries; like equality, without their order."""
        return hash(frozenset(self._entries.items()))

    def __repr__(self) -> str:
        """Look like the dictionary that it holds."""
        return repr(self._entries)


Frozen = (AfterValidator(FrozenMap), PlainSerializer(dict, return_type=dict[str, str]))
"""Annotations that make a validated mapping a FrozenMap."""
