"""The stream of events, over breaks."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any

import grpc

from novaroute.backoff import Backoff
from novaroute.errors import from_grpc
from novaroute.owner import connect, stub
from novaroute.v1 import route_control_pb2 as v1


class Events:
    """Events that are followed without a loss and without a repeat, also when the agent is started again.

    Iterate over it; `filters` are the fields of `StreamEventsRequest`. What the agent itself no longer has is told by a
    LAGGED event in its place. It holds from the first event that was read: before that there is no place to come back to,
    unless a snapshot was asked for. Raises `Refused` for a request that the agent would refuse again.
    """

    def __init__(self, socket: str | os.PathLike[str], **filters: Any) -> None:
        self._request = v1.StreamEventsRequest(**filters)
        self._in_snapshot = self._request.snapshot
        self._closed = threading.Event()
        self._channel = connect(socket)
        self._call: Any = None

    def __iter__(self) -> Iterator[v1.RouteEvent]:
        backoff = Backoff()
        while not self._closed.is_set():
            backoff.begin()
            try:
                yield from self._stream()
            except grpc.RpcError as error:
                typed = from_grpc(error)
                if not self._closed.is_set() and not typed.may_pass():
                    raise typed from error
            self._closed.wait(backoff.pause())

    def close(self) -> None:
        """Ends the iteration, from whichever thread."""
        self._closed.set()
        if self._call:
            self._call.cancel()
        self._channel.close()

    def _stream(self) -> Iterator[v1.RouteEvent]:
        # The channel connects again by itself.
        self._call = stub(self._channel).StreamEvents(self._request, wait_for_ready=True)
        try:
            for event in self._call:
                self._remember(event)
                yield event
        finally:
            self._call.cancel()

    def _remember(self, event: v1.RouteEvent) -> None:
        if event.type == v1.EVENT_TYPE_SNAPSHOT_BEGIN:
            self._in_snapshot = True
        elif event.type == v1.EVENT_TYPE_SNAPSHOT_END:
            self._in_snapshot = False
        # A snapshot that was cut in two is told again, as a whole.
        self._request.snapshot = self._in_snapshot
        self._request.from_sequence = event.sequence + 1
        self._request.boot_id = event.boot_id
