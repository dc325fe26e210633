"""How far a container's log has been read, and how a later connection finds that place again.

A log is a file that grows at its end, so what follows the last line that was seen is new, and nothing else. The server
can begin at a second (`sinceTime`), so a later connection repeats some lines; all of them up to the last one are passed
over. Where the last line is not among them, the file was rotated or is that of another instance: lines may be lost.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from hpctl.services.job.log_lines import Lines

_DISORDER_NS: Final = 100_000_000
"""Standard output and error are stamped apart: a later line may have an earlier time, by so much at most."""


class Sought(Enum):
    """What became of the search for the last line."""

    FOUND = "found"
    SOUGHT = "sought"
    LOST = "lost"


class Place:
    """The last line that was seen: its time, and how many lines of that very time were seen in a row."""

    def __init__(self) -> None:
        """Nothing was seen."""
        self.last_ns: int | None = None
        self.highest_ns = 0
        self._same = 0

    @property
    def since_ns(self) -> int | None:
        """From when the server shall repeat."""
        return None if self.last_ns is None else max(self.last_ns - _DISORDER_NS, 0)

    def passed(self, times_ns: list[int]) -> None:
        """Remember that lines of these times were seen, in this order."""
        if not times_ns:
            return
        last, same = times_ns[-1], 0
        for time in reversed(times_ns):
            if time != last:
                break
            same += 1
        together = same == len(times_ns) and last == self.last_ns
        self._same = same + self._same if together else same
        self.last_ns = last
        if (highest := max(times_ns)) > self.highest_ns:
            self.highest_ns = highest

    def search(self) -> Search:
        """Return a search for the last line in a new connection."""
        return Search(self.last_ns, self._same, self.highest_ns)


class Search:
    """Passes over what was seen; FOUND from the start when nothing was."""

    def __init__(self, last_ns: int | None, same: int, highest: int) -> None:
        """Look for the last of `same` lines of the time `last_ns`."""
        self._last, self._left, self._highest = last_ns, same, highest
        self._met = False
        self.state = Sought.FOUND if last_ns is None else Sought.SOUGHT

    def give_up(self) -> None:
        """Take every line from now on as new."""
        self.state = Sought.FOUND

    def new_from(self, lines: Lines) -> int:
        """Return the index of the first new line, the number of lines when there is none; may find or lose the place.

        A line that is later than all that were seen is new: if it comes before the last one was met, that is lost.
        """
        if self.state is not Sought.SOUGHT:
            return 0
        for index, time in enumerate(lines.times_ns):
            if time == self._last:
                self._left -= 1
                self._met = True
                if not self._left:
                    self.state = Sought.FOUND
                    return index + 1
            elif self._met and time > self._highest:
                # Rotation has taken some of several lines of one time: what follows them is new.
                self.state = Sought.FOUND
                return index
            elif time > self._highest:
                self.state = Sought.LOST
                return len(lines.times_ns)
        return len(lines.times_ns)
