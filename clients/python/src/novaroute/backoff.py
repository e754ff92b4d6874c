"""How long to wait before the agent is connected to again."""

from __future__ import annotations

import time

FIRST_S, LONGEST_S = 0.1, 5.0


class Backoff:
    """Pauses that double as long as connections do not last."""

    def __init__(self) -> None:
        self._next = FIRST_S
        self._begun = time.monotonic()

    def begin(self) -> None:
        """An attempt begins."""
        self._begun = time.monotonic()

    def pause(self) -> float:
        """The attempt has failed, or what it led to has ended: how long to wait, in seconds."""
        if time.monotonic() - self._begun > LONGEST_S:
            self._next = FIRST_S
        pause, self._next = self._next, min(self._next * 2, LONGEST_S)
        return pause
