"""The calls of an owner."""

from __future__ import annotations

import os
from typing import Any

import grpc

from novaroute.errors import typed
from novaroute.intents import BFD, BGP, OSPF, PEER, PREFIX, UNNUMBERED, Intent, Key, key
from novaroute.v1 import route_control_pb2 as v1
from novaroute.v1 import route_control_pb2_grpc as rpc

CALL_TIMEOUT_S = 15.0
REPLY_BYTES_MAX = 64 << 20
SESSION_METADATA = "novaroute-session-id"
CALLS = {
    v1.ConfigureBGPRequest: "ConfigureBGP", v1.ApplyPeerRequest: "ApplyPeer",
    v1.AdvertisePrefixRequest: "AdvertisePrefix", v1.EnableBFDRequest: "EnableBFD",
    v1.EnableOSPFRequest: "EnableOSPF",
}


def connect(socket: str | os.PathLike[str]) -> grpc.Channel:
    """A channel to the agent behind a Unix socket; it connects again by itself."""
    options = [
        ("grpc.max_receive_message_length", REPLY_BYTES_MAX),
        # A session may be bound to its connection, so that no two channels share one.
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.min_reconnect_backoff_ms", 100),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 5000),
    ]
    return grpc.insecure_channel(f"unix:{os.fspath(socket)}", options=options)


def stub(channel: grpc.Channel) -> Any:
    """Every call as it is on the wire. What protoc generates for it has no types."""
    return rpc.RouteControlStub(channel)  # type: ignore[no-untyped-call]


class Owner:
    """An owner that speaks to the agent. Every call raises `Refused` or `Broken`."""

    def __init__(
        self, channel: grpc.Channel, name: str, token: str, *, timeout_s: float = CALL_TIMEOUT_S, session_id: str = "",
    ) -> None:
        self.stub = stub(channel)
        """Every call as it is on the wire."""
        self._name, self._token, self._timeout_s = name, token, timeout_s
        self._session = session_id

    def register(self, **terms: Any) -> v1.RegisterResponse:
        """Opens a session, in which all further calls are made; `terms` are fields of `RegisterRequest`."""
        response: v1.RegisterResponse = self._call("Register", v1.RegisterRequest(**terms))
        self._session = response.session_id
        return response

    def put(self, intent: Intent, *, wait: v1.Wait = v1.WAIT_NONE) -> Key:
        """Asks for something, in place of what was asked for under the same key; the key, for `remove`."""
        self._call(CALLS[type(intent)], intent, wait)
        return key(intent)

    def remove(self, key: Key, *, wait: v1.Wait = v1.WAIT_NONE) -> None:
        """No longer asks for something. The BGP instance cannot be asked back: it stays until a replay without it ends."""
        removal = _removal(key)
        if removal:
            self._call(*removal, wait)

    def end_of_replay(self, *, confirm_removals: bool = False) -> list[str]:
        """Ends the replay: what was not asked for since `register` goes; the keys of it."""
        request = v1.EndOfReplayRequest(session_id=self._session, confirm_removals=confirm_removals)
        return list(self._call("EndOfReplay", request).removed)

    def renew(self) -> None:
        """Has the lease of the session begin anew."""
        self._call("Renew", v1.RenewRequest(session_id=self._session))

    def deregister(self, *, withdraw_all: bool = False) -> None:
        """Ends the session. What was asked for stays, unless all of it is to go."""
        self._call("Deregister", v1.DeregisterRequest(withdraw_all=withdraw_all))

    def status(self) -> v1.GetStatusResponse:
        """What the owner holds, joined with FRR's live state."""
        with typed():
            response: v1.GetStatusResponse = self.stub.GetStatus(
                v1.GetStatusRequest(owner_filter=self._name), timeout=self._timeout_s
            )
        return response

    def _call(self, name: str, asked: Any, wait: v1.Wait = v1.WAIT_NONE) -> Any:
        request = type(asked)()
        request.CopyFrom(asked)
        request.owner, request.token, request.wait = self._name, self._token, wait
        # One that was replaced changes nothing.
        metadata = [(SESSION_METADATA, self._session)] if self._session else []
        with typed():
            return getattr(self.stub, name)(request, timeout=self._timeout_s, metadata=metadata)


def _removal(key: Key) -> tuple[str, Any] | None:
    kind, name, detail, multihop = key
    if kind == PEER and detail == UNNUMBERED:
        return "RemovePeer", v1.RemovePeerRequest(interface_name=name)
    if kind == PEER:
        return "RemovePeer", v1.RemovePeerRequest(neighbor_address=name)
    if kind == PREFIX:
        return "WithdrawPrefix", v1.WithdrawPrefixRequest(prefix=name, protocol=detail)
    if kind == BFD:
        return "DisableBFD", v1.DisableBFDRequest(peer_address=name, interface_name=detail, multihop=multihop)
    if kind == OSPF:
        return "DisableOSPF", v1.DisableOSPFRequest(interface_name=name)
    assert kind == BGP
    return None
