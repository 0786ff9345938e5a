"""Does anybody else keep the processor busy, which spoils the figures? Known where there is /proc, so on Linux."""

import os
import time
from pathlib import Path
from typing import NamedTuple

REST = 0.3  # seconds between turns
QUIET = 0.25  # cores: where others keep more of them busy, a round waits, and is repeated
TRIES, WAIT = 6, 5.0  # looks at the machine before a round, and seconds between them
STAT = Path("/proc/stat")


class Ticks(NamedTuple):
    """Time of all cores together so far, in the system's ticks."""

    busy: int
    total: int


def ticks() -> Ticks | None:
    """Those of now; None where nobody can say."""
    if not STAT.exists():
        return None
    found = [int(n) for n in STAT.read_text().split("\n", 1)[0].split()[1:9]]
    return Ticks(sum(found) - found[3] - found[4], sum(found))


def ticks_of(process: int) -> int:
    """How long a process, with all its threads, has kept cores busy."""
    path = Path(f"/proc/{process}/stat")
    fields = path.read_text().rpartition(")")[2].split() if path.exists() else []
    return int(fields[11]) + int(fields[12]) if fields else 0


class Watch:
    """How many cores others than one process keep busy, from its making until `others`; of no process, everybody."""

    def __init__(self, process: int | None = None):
        self.process = process
        self._own, self._all = self._used(), ticks()

    def _used(self) -> int:
        return 0 if self.process is None else ticks_of(self.process)

    def others(self) -> float:
        """Cores; NaN where unknown. One tick of each core is let pass, since both clocks count whole ones."""
        now, own = ticks(), self._used() - self._own
        if self._all is None or now is None:
            return float("nan")
        cores, total = os.cpu_count() or 1, max(1, now.total - self._all.total)
        slack = 0 if self.process is None else cores
        return max(0, now.busy - self._all.busy - own - slack) / total * cores


def rest() -> None:
    """Wait until the threads of the last turn stop spinning."""
    time.sleep(REST / 2)


def busy() -> float:
    """How many cores are busy while we rest: somebody else's work. NaN where unknown."""
    rest()
    watch = Watch()
    time.sleep(REST / 2)
    return watch.others()


def wait_until_quiet(tries: int = TRIES) -> float:
    """How many cores others keep busy, once they keep few busy or the last try is over."""
    for _ in range(tries - 1):
        others = busy()
        if not others > QUIET:  # NaN does not wait
            return others
        time.sleep(WAIT)
    return busy()
