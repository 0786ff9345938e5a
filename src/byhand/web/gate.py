"""What happens between two steps of a training: it is paused, single steps are let through, time and pace are kept."""

from byhand.web.job import Job, now
from byhand.web.limits import Limits
from byhand.web.slots import AGAIN, STEP, Turn


class Stopped(Exception):
    """The training was stopped before its first step, or between two steps of networks that draw."""


class StepGate:
    """Through which a training goes before its first step and after each one; `job.stopping` says whether it shall end.

    Args:
        job: the training's job.
        turn: at computing; a training that stands still gives it away.
        limits: the server's.
    """

    def __init__(self, job: Job, turn: Turn, limits: Limits):
        self.job, self.turn, self.limits, self._since = job, turn, limits, now()

    def after_step(self) -> bool:
        """Count the seconds, keep the pace, and wait while paused; True where the next step is a single one."""
        self._clock()
        if not self.job.paused:
            self._rest()
        return self.wait()

    def wait(self) -> bool:
        """Wait while paused; True where somebody asked for one step only."""
        job = self.job
        if job.paused and not job.stopping:
            self.turn.give()
            if job.state != "paused":
                job.turn("paused")
            if self._stand_still() and self.turn.take(lambda: job.stopping, STEP):
                self._since = now()
                return True
            if self.turn.take(lambda: job.stopping):
                job.turn("running")
            self._since = now()
        return False

    def _clock(self) -> None:
        """Count the seconds; end the training if it is over the time limit."""
        job, moment = self.job, now()
        job.seconds += moment - self._since
        self._since = moment
        if not job.stopping and job.seconds > self.limits.training_seconds:
            job.error = (
                f"It was stopped after {self.limits.training_seconds:.0f} seconds of computing, the most allowed."
            )
            job.stopping = True

    def _rest(self) -> None:
        """Let single steps of others go first, and keep the pace that its owner asked for."""
        job = self.job
        if job.pace:
            self.turn.give()
            begun = job.pace
            with job.changed:
                job.changed.wait_for(lambda: job.paused or job.stopping or job.pace != begun, 1 / job.pace)
            if not job.paused:
                self.turn.take(lambda: job.stopping, AGAIN)
        else:
            self.turn.let_through(lambda: job.stopping)
        self._since = now()

    def _stand_still(self) -> bool:
        """Wait until the training continues; True if for one step only."""
        job = self.job
        with job.changed:
            going = job.changed.wait_for(
                lambda: not job.paused or job.stopping or job.wanted > job.begun, self.limits.paused_seconds
            )
            single, job.begun = job.paused and job.wanted > job.begun, job.wanted
        if not going:
            job.error = f"It was stopped after standing still for {self.limits.paused_seconds / 60:.0f} minutes."
            job.stop()
        self._since = now()
        return single and not job.stopping
