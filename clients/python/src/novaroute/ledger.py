"""What the agent took in one session, and what of the wanted it did not."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import grpc

from novaroute.errors import CallError, Refused
from novaroute.intents import PEER, PREFIX, Intent, Key
from novaroute.owner import Owner
from novaroute.v1 import route_control_pb2 as v1

ENDS = {
    grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.UNKNOWN, grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
}
GONE = {grpc.StatusCode.NOT_FOUND, grpc.StatusCode.PERMISSION_DENIED}


class Ledger:
    """One session; `between_calls` is called between the calls that are made."""

    def __init__(self, owner: Owner, registered: v1.RegisterResponse, between_calls: Callable[[], None]) -> None:
        self._owner, self._between_calls = owner, between_calls
        self._held = {*registered.current_prefixes, *registered.current_peers}
        self._held_any = registered.has_state
        self._has: dict[Key, Intent] = {}
        self.refused: dict[Key, CallError] = {}
        self._replayed = False

    @property
    def taken(self) -> int:
        """How many intents the agent took."""
        return len(self._has)

    def settle(self, wanted: Mapping[Key, Intent], confirm_removals: bool) -> str | None:
        """Brings the agent to what is wanted, as far as it goes; why what nobody wants is still there."""
        self._ask(wanted)
        held_back = None if self._replayed else self._end_replay(confirm_removals)
        if not self._replayed and held_back is None:
            self._replayed = True
            if self.refused:
                # What has gone may have made room.
                self._ask(wanted)
        return held_back

    def _ask(self, wanted: Mapping[Key, Intent]) -> None:
        self.refused.clear()
        # Prefixes go before their peers, and peers come before their prefixes.
        for key in sorted(self._has.keys() - wanted.keys(), reverse=True):
            if self._perform(key, lambda key=key: self._owner.remove(key), GONE):  # type: ignore[misc]
                del self._has[key]
        for key in sorted(wanted):
            intent = wanted[key]
            if self._has.get(key) != intent and self._perform(key, lambda i=intent: self._owner.put(i), set()):  # type: ignore[misc]
                self._has[key] = intent

    def _perform(self, key: Key, call: Callable[[], object], done: set[grpc.StatusCode]) -> bool:
        self._between_calls()
        try:
            call()
        except CallError as error:
            if is_end(error):
                raise
            if error.code not in done:
                self.refused[key] = error
                return False
        return True

    def _end_replay(self, confirm_removals: bool) -> str | None:
        # The agent has it as it was asked for before, and would take it for something that nobody asks for.
        for key, error in self.refused.items():
            if self._may_have(key):
                return f"{key[1]} stays as it was: {error}"
        try:
            self._owner.end_of_replay(confirm_removals=confirm_removals)
        except CallError as error:
            if is_end(error):
                raise
            return str(error)
        return None

    def _may_have(self, key: Key) -> bool:
        """Whether the agent had this before the session. It tells only of peers and prefixes."""
        return key[1] in self._held if key[0] in {PEER, PREFIX} else self._held_any


def is_end(error: CallError) -> bool:
    """Whether there is no point in going on in this session."""
    over = isinstance(error, Refused) and error.reason in {"SESSION_SUPERSEDED", "NO_SESSION"}
    return error.code in ENDS or over
