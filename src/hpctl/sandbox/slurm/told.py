"""What Slurm tells of its nodes, as far as HyperPod and the sandbox act on it (`scontrol --oneliner show node`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME: Final = re.compile(r"NodeName=(\S+)")
_STATE: Final = re.compile(r" State=(\S+)")
# A reason is followed by who gave it and when; it may hold blanks, and is the last of a line but for a comment.
_REASON: Final = re.compile(r" Reason=(.*) \[[^\[\]]*@[^\[\]]*\]")
_WISHES: Final = {"Action:Reboot": "Reboot", "Action:Replace": "Replace"}


@dataclass(frozen=True, slots=True)
class Told:
    """A node as Slurm tells of it: its state's words, and the reason of an administrator."""

    name: str
    words: frozenset[str]
    answers: bool
    reason: str

    @property
    def wish(self) -> str | None:
        """What HyperPod reads as the wish to `Reboot` or `Replace` the node: exact, and case-sensitive (AWS)."""
        failed = self.words & {"FAIL", "FAILING"}
        return _WISHES.get(self.reason) if failed else None


def told(text: str) -> Iterator[Told]:
    """Yield the nodes of a listing."""
    for line in text.splitlines():
        name, state, reason = _NAME.match(line), _STATE.search(line), _REASON.search(line)
        if name and state:
            words = state[1].rstrip("*#~%!@^-$")
            answers = "*" not in state[1]
            yield Told(name[1], frozenset(words.replace("*", "").split("+")), answers, reason[1] if reason else "")
