"""The ways to save memory that a person may name: recompute, quantised weights, offload, a fused loss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from hpctl.catalog.nearest import nearest
from hpctl.errors import UsageError
from hpctl.estimate.training import Logits, Offload, Recompute

_Word = TypeVar("_Word", bound=StrEnum)


class Quantized(StrEnum):
    """How weights that are not trained are stored: `int8`, or `nf4` (4 bits, QLoRA's)."""

    INT8 = "int8"
    NF4 = "nf4"

    @property
    def bytes_each(self) -> float:
        """Bytes a parameter of the layers, with their scales (arXiv 2305.14314, blocks of 64)."""
        return {Quantized.INT8: 1.0, Quantized.NF4: 0.55}[self]


@dataclass(frozen=True, slots=True)
class Savings:
    """What was named; None is what was not said."""

    recompute: Recompute | None = None
    quantized: Quantized | None = None
    offload: frozenset[Offload] = frozenset()
    logits: Logits | None = None

    def words(self) -> str:
        """What was named, to be read after a comma; nothing where nothing was."""
        return "".join(f", {one}" for one in self._words())

    def _words(self) -> Iterator[str]:
        if self.recompute:
            yield f"recompute {self.recompute}"
        if self.quantized:
            yield f"weights in {self.quantized}"
        yield from (f"{one} on the host" for one in sorted(self.offload))
        if self.logits:
            yield f"logits {self.logits}"


def savings(recompute: str | None, quantize: str | None, offload: Iterable[str], loss: str | None) -> Savings:
    """The savings of these words; UsageError names the nearest for a word that is none."""
    return Savings(
        None if recompute is None else _one(Recompute, recompute, "no way of recomputing"),
        None if quantize is None else _one(Quantized, quantize, "no way of storing weights"),
        frozenset(_one(Offload, word, "nothing that is offloaded") for word in offload),
        None if loss is None else _one(Logits, loss, "no way of computing the loss"),
    )


def _one(kind: type[_Word], word: str, no: str) -> _Word:
    try:
        return kind(word)
    except ValueError:
        close = nearest(word, kind) or tuple(kind)
        hint = f"nearest: {', '.join(f'`{one}`' for one in close)}"
        raise UsageError(f"`{word}` is {no}", hint=hint) from None
