"""What an owner wants, kept in the agent."""

from __future__ import annotations

import copy
import os
import pathlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType

import grpc

from novaroute.backoff import Backoff
from novaroute.errors import Broken, CallError, Refused, from_grpc
from novaroute.intents import Intent, Key, key
from novaroute.ledger import Ledger
from novaroute.owner import Owner, connect
from novaroute.v1 import route_control_pb2 as v1

ASK_AGAIN_S, BUSY_S, SUPERSEDED_S = 30.0, 1.0, 30.0
"""Time until what was refused is asked for again; the same where the agent had too much to do; pause after another
process has taken the session: one of the two is about to end."""
STREAM_END_S = 5.0
"""How long a stream may take to end."""
RENEWALS = 3
"""How often a lease is renewed while it lasts: two renewals may be lost."""


@dataclass(frozen=True)
class Report:
    """How it stands with the agent."""

    broken: str | None = None
    """Why there is no session at the moment; `None`: there is one."""
    held_back: str | None = None
    """Why what nobody asks for any more is still there; `None`: it is not."""
    refused: Mapping[Key, CallError] = field(default_factory=dict)
    """What the agent did not take, and why. It is asked again every 30 s."""
    taken: int = 0
    """How many intents the agent took."""
    epoch: int = 0
    """Which session of the owner this is."""
    revision: int = 0


class Session:
    """A session that is kept: the agent has what is wanted, also after it, this process or the connection comes back.

    It begins with everything that is wanted. What the agent has of before and is not wanted goes once it took the rest;
    then each change is sent as it comes. `token` is the secret, or the path of a file with it, which is read for each session
    anew. `on_event` is called with each event about the owner, in a thread of its own.

    `close` withdraws nothing by itself; with `lease_s` or `bind_to_connection` the agent does so after its
    `disconnect_grace_period`. `end` ends the session at once.
    """

    def __init__(
        self, socket: str | os.PathLike[str], owner: str, token: str | pathlib.Path, intents: Iterable[Intent] = (), *,
        lease_s: int = 0, bind_to_connection: bool = False, instance: str = "", confirm_removals: bool = False,
        on_event: Callable[[v1.RouteEvent], object] | None = None,
    ) -> None:
        self._socket, self._name, self._token = socket, owner, token
        self._terms = {"lease_s": lease_s, "bind_to_connection": bind_to_connection, "instance": instance}
        self._confirm_removals, self._on_event = confirm_removals, on_event
        self._wanted: dict[Key, Intent] = {key(intent): copy.deepcopy(intent) for intent in intents}
        self._revision, self._closed = 1, False
        self._report = Report(broken="there was none yet")
        self._changed = threading.Condition()
        self._renew_at = float("inf")
        self._session_id = ""
        self._thread = threading.Thread(target=self._keep, name="novaroute-session", daemon=True)
        self._thread.start()

    def put(self, intent: Intent) -> Key:
        """Wants this too, in place of what was wanted under the same key; the key, for `remove`."""
        with self._changed:
            self._wanted[key(intent)] = copy.deepcopy(intent)
            self._change()
        return key(intent)

    def remove(self, key: Key) -> None:
        """Wants this no longer."""
        with self._changed:
            self._wanted.pop(key, None)
            self._change()

    def replace(self, intents: Iterable[Intent]) -> None:
        """Wants exactly this."""
        with self._changed:
            self._wanted = {key(intent): copy.deepcopy(intent) for intent in intents}
            self._change()

    @property
    def report(self) -> Report:
        """How it stands."""
        with self._changed:
            return self._report

    def settled(self, timeout_s: float | None = None) -> Report:
        """Waits until the agent has answered for everything that is wanted now. Raises `TimeoutError`."""
        with self._changed:
            revision = self._revision
            done = lambda: self._report.broken is None and self._report.revision >= revision  # noqa: E731
            if not self._changed.wait_for(done, timeout_s):
                raise TimeoutError(self._report.broken or "the agent has not answered for everything yet")
            return self._report

    def close(self) -> None:
        """Keeps nothing any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def end(self, *, withdraw_all: bool = False) -> None:
        """Ends the session for good; with `withdraw_all`, all of the owner's intents go.

        Raises `Refused` when the session is that of another process by now, whose intents stay.
        """
        self.close()
        with connect(self._socket) as channel:
            Owner(channel, self._name, self._secret(), session_id=self._session_id).deregister(withdraw_all=withdraw_all)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _change(self) -> None:
        self._revision += 1
        self._changed.notify_all()

    def _secret(self) -> str:
        if isinstance(self._token, pathlib.Path):
            return self._token.read_text().rstrip("\r\n")
        return self._token

    def _tell(self, report: Report) -> None:
        with self._changed:
            self._report = report
            self._changed.notify_all()

    def _keep(self) -> None:
        backoff = Backoff()
        while not self._closed:
            backoff.begin()
            pause = None
            try:
                self._converse()
            except (CallError, OSError, ValueError) as error:
                if isinstance(error, Refused) and error.reason == "SESSION_SUPERSEDED":
                    pause = SUPERSEDED_S
                self._tell(Report(broken=str(error)))
            pause = backoff.pause() if pause is None else pause
            with self._changed:
                self._changed.wait_for(lambda: self._closed, pause)

    def _converse(self) -> None:
        """One session."""
        with connect(self._socket) as channel:
            owner = Owner(channel, self._name, self._secret())
            registered = owner.register(**self._terms)
            self._session_id = registered.session_id
            every = registered.lease_s / RENEWALS or float("inf")
            self._renew_at = time.monotonic() + every

            def renew() -> None:
                if time.monotonic() >= self._renew_at:
                    owner.renew()
                    self._renew_at = time.monotonic() + every

            ledger, stream = Ledger(owner, registered, renew), _Stream(owner, self._name, self._changed, self._on_event)
            try:
                while not self._closed:
                    with self._changed:
                        wanted, revision = dict(self._wanted), self._revision
                    held_back = ledger.settle(wanted, self._confirm_removals)
                    refused = dict(ledger.refused)
                    self._tell(Report(None, held_back, refused, ledger.taken, registered.epoch, revision))
                    self._next(stream, revision, time.monotonic() + _pause(ledger, held_back), renew)
            finally:
                stream.close()

    def _next(self, stream: _Stream, revision: int, again_at: float, renew: Callable[[], None]) -> None:
        """Waits until something else is wanted, or it is time to ask again."""
        while True:
            with self._changed:
                until = min(again_at, self._renew_at) - time.monotonic()
                self._changed.wait_for(
                    lambda: self._closed or self._revision != revision or stream.over is not None,
                    None if until == float("inf") else max(until, 0),
                )
                if stream.over is not None and not self._closed:
                    raise stream.over
                if self._closed or self._revision != revision or time.monotonic() >= again_at:
                    return
            renew()


def _pause(ledger: Ledger, held_back: str | None) -> float:
    if any(isinstance(error, Refused) and error.reason == "QUEUE_FULL" for error in ledger.refused.values()):
        return BUSY_S
    return ASK_AGAIN_S if held_back or ledger.refused else float("inf")


class _Stream:
    """The stream of events, which ends with the agent."""

    def __init__(
        self, owner: Owner, name: str, changed: threading.Condition,
        on_event: Callable[[v1.RouteEvent], object] | None,
    ) -> None:
        self.over: CallError | None = None
        self._changed, self._on_event = changed, on_event
        self._call = owner.stub.StreamEvents(v1.StreamEventsRequest(owner_filter=name))
        self._thread = threading.Thread(target=self._read, name="novaroute-events", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the stream, before the channel ends that it is on."""
        self._call.cancel()
        self._thread.join(STREAM_END_S)

    def _read(self) -> None:
        over: CallError = Broken(grpc.StatusCode.UNAVAILABLE, "the agent ended the stream of events")
        try:
            for event in self._call:
                if self._on_event:
                    self._on_event(event)
        except grpc.RpcError as error:
            over = from_grpc(error)
        finally:
            with self._changed:
                self.over = over
                self._changed.notify_all()
