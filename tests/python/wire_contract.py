#!/usr/bin/env python3
"""Drives an agent with a client that was generated from the proto file.

It shows that a client in another language, built against `novaroute.v1`, gets
every call of part 1 of the contract served: the 12 unary calls, the event
stream, gRPC health and reflection. Needs the packages of requirements.txt.

    wire_contract.py SOCKET --owner NAME --token TOKEN [--local-as N] ...

Exits 0 and prints one line for each step, or prints the step that failed and
exits 1. What it declares it takes away again; the AS and the router identifier
stay.
"""

import argparse
import tempfile
import time

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from google.protobuf.descriptor_pool import DescriptorPool

from agent_client import Events, connect, equal, generate, only, refused

SERVICE = "novaroute.v1.RouteControl"
CALL_TIMEOUT_S = 10

INTENT_STATES = {"pending", "programmed", "advertised", "refused", "overridden", "stale"}
CALLS = [
    "Register", "Deregister", "ConfigureBGP", "ApplyPeer", "RemovePeer",
    "AdvertisePrefix", "WithdrawPrefix", "EnableBFD", "DisableBFD",
    "EnableOSPF", "DisableOSPF", "GetStatus", "StreamEvents",
]

PEER_V4, PEER_V6 = "192.0.2.1", "2001:db8::1"
PREFIX_V4, PREFIX_V6 = "203.0.113.7/32", "2001:db8:7::7/128"
BFD_PEER = "192.0.2.9"


class Session:
    """The steps, in the order in which a client takes them."""

    def __init__(self, channel, pb, stub, options):
        self.channel, self.pb, self.stub, self.options = channel, pb, stub, options

    def ask(self, call, **fields):
        """Sends a mutating request as the owner of the options."""
        return self.ask_as(self.options.owner, self.options.token, call, **fields)

    def ask_as(self, owner, token, call, **fields):
        """Sends a mutating request as any owner."""
        request = getattr(self.pb, f"{call}Request")(owner=owner, token=token, **fields)
        reply = getattr(self.stub, call)(request, timeout=CALL_TIMEOUT_S)
        equal("reply", type(reply).__name__, f"{call}Response")
        return reply

    def status(self, owner=None):
        """The status of what `owner` holds; by default the owner of the options."""
        owner = self.options.owner if owner is None else owner
        return self.stub.GetStatus(
            self.pb.GetStatusRequest(owner_filter=owner), timeout=CALL_TIMEOUT_S
        )

    def health(self):
        stub = health_pb2_grpc.HealthStub(self.channel)
        for service in ["", SERVICE]:
            request = health_pb2.HealthCheckRequest(service=service)
            reply = stub.Check(request, timeout=CALL_TIMEOUT_S)
            equal(f"health of {service!r}", reply.status, health_pb2.HealthCheckResponse.SERVING)

    def reflection(self):
        database = ProtoReflectionDescriptorDatabase(self.channel)
        services = set(database.get_services())
        missing = {SERVICE, "grpc.health.v1.Health"} - services
        equal("services that reflection lacks", missing, set())
        served = DescriptorPool(database).FindServiceByName(SERVICE)
        equal("calls", [method.name for method in served.methods][: len(CALLS)], CALLS)
        for name, ours in self.pb.DESCRIPTOR.message_types_by_name.items():
            theirs = served.file.message_types_by_name[name]
            equal(name, self._fields(theirs), self._fields(ours))

    @staticmethod
    def _fields(message):
        facts = ((one.number, one.name, one.type, one.is_repeated) for one in message.fields)
        return set(facts)

    def authentication(self):
        with refused(grpc.StatusCode.UNAUTHENTICATED) as wrong_token:
            self.ask_as(self.options.owner, "not-the-token", "Register")
        with refused(grpc.StatusCode.UNAUTHENTICATED) as no_such_owner:
            self.ask_as("no-such-owner", self.options.token, "Register")
        equal("text", wrong_token[0].details(), no_such_owner[0].details())
        with refused(grpc.StatusCode.INVALID_ARGUMENT):
            self.ask_as("", "", "Register")

    def register(self):
        reply = self.ask("Register", reassert_intents=True)
        assert reply.session_id, "session_id is empty"
        equal("prefixes", list(reply.current_prefixes), [])
        equal("peers", list(reply.current_peers), [])

    def configure_bgp(self):
        wanted = {"local_as": self.options.local_as, "router_id": self.options.router_id}
        self.ask("ConfigureBGP", **wanted)
        again = self.ask("ConfigureBGP", **wanted)
        equal("previous_as", again.previous_as, self.options.local_as)
        equal("previous_router_id", again.previous_router_id, self.options.router_id)
        with refused(grpc.StatusCode.INVALID_ARGUMENT):
            self.ask("ConfigureBGP", local_as=0, router_id="0.0.0.0")

    def peers(self):
        both = [self.pb.ADDRESS_FAMILY_IPV4_UNICAST, self.pb.ADDRESS_FAMILY_IPV6_UNICAST]
        external = self.options.local_as + 1
        full = self.pb.BGPPeer(
            neighbor_address=PEER_V4, remote_as=external, peer_type=self.pb.PEER_TYPE_EXTERNAL,
            keepalive=10, hold_time=30, bfd_enabled=True, description="rack 7, left",
            address_families=both, source_address="192.0.2.2", ebgp_multihop=3,
            password="between-us", max_prefix=50, bfd_min_rx_ms=400, bfd_min_tx_ms=500,
            bfd_detect_multiplier=5,
        )
        self.ask("ApplyPeer", peer=full)
        self.ask("ApplyPeer", peer=self.pb.BGPPeer(neighbor_address=PEER_V6, remote_as=external))
        first, second = sorted(self.status().peers, key=lambda peer: ":" in peer.neighbor_address)
        equal("address", first.neighbor_address, PEER_V4)
        equal("remote AS", first.remote_as, external)
        equal("owner", first.owner, self.options.owner)
        equal("description", first.description, full.description)
        equal("bfd_enabled", first.bfd_enabled, True)
        assert first.intent_state in INTENT_STATES, first.intent_state
        equal("address", second.neighbor_address, PEER_V6)
        assert "between-us" not in str(self.status()), "the status shows a password"
        with refused(grpc.StatusCode.INVALID_ARGUMENT) as errors:
            self.ask("ApplyPeer", peer=self.pb.BGPPeer(neighbor_address="192.0.2.3\nno router bgp"))
        assert "peer.neighbor_address" in errors[0].details(), errors[0].details()
        with refused(grpc.StatusCode.INVALID_ARGUMENT):
            self.ask("ApplyPeer")

    def prefixes(self):
        attributes = self.pb.PrefixAttributes(
            local_preference=200, communities=["65000:1", "no-export"], med=5, next_hop="192.0.2.2"
        )
        bgp, ospf = self.pb.PROTOCOL_BGP, self.pb.PROTOCOL_OSPF
        self.ask("AdvertisePrefix", prefix=PREFIX_V4, protocol=bgp, attributes=attributes)
        # Another spelling of one prefix is one key: an upsert.
        spelled = PREFIX_V6.replace("db8:7::7", "DB8:7:0:0::0007")
        self.ask("AdvertisePrefix", prefix=spelled, protocol=bgp)
        self.ask("AdvertisePrefix", prefix=PREFIX_V6, protocol=bgp)
        self.ask("AdvertisePrefix", prefix=PREFIX_V4, protocol=ospf)
        seen = sorted((entry.protocol, entry.prefix) for entry in self.status().prefixes)
        equal("prefixes", seen, [(bgp, PREFIX_V6), (bgp, PREFIX_V4), (ospf, PREFIX_V4)])
        for entry in self.status().prefixes:
            assert entry.state in INTENT_STATES, entry.state
        with refused(grpc.StatusCode.INVALID_ARGUMENT):
            self.ask("AdvertisePrefix", prefix=PREFIX_V4)
        with refused(grpc.StatusCode.INVALID_ARGUMENT):
            self.ask("AdvertisePrefix", prefix=PREFIX_V4, protocol=ospf, attributes=attributes)

    def bfd(self):
        interface = self.options.interface
        self.ask("EnableBFD", peer_address=BFD_PEER, min_rx_ms=100, interface_name=interface)
        sessions = [one for one in self.status().bfd_sessions if one.peer_address == BFD_PEER]
        session = only("BFD sessions", sessions)
        equal("owner", session.owner, self.options.owner)
        assert session.intent_state in INTENT_STATES, session.intent_state
        with refused(grpc.StatusCode.INVALID_ARGUMENT):
            self.ask("EnableBFD", peer_address=BFD_PEER, min_rx_ms=9)

    def ospf(self):
        name = self.options.interface
        self.ask("EnableOSPF", interface_name=name, area_id="1", passive=True, cost=20)
        interface = only("OSPF interfaces", self.status().ospf_interfaces)
        equal("name", interface.interface_name, name)
        equal("area", interface.area_id, "0.0.0.1")
        with refused(grpc.StatusCode.INVALID_ARGUMENT):
            self.ask("EnableOSPF", interface_name=name, area_id="4294967296")

    def frr(self):
        frr = self.status(owner="").frr_status
        equal("connected", frr.connected, True)
        assert frr.version, "no version"

    def removal(self):
        bgp, ospf = self.pb.PROTOCOL_BGP, self.pb.PROTOCOL_OSPF
        self.ask("WithdrawPrefix", prefix=PREFIX_V4, protocol=bgp)
        with refused(grpc.StatusCode.NOT_FOUND):
            self.ask("WithdrawPrefix", prefix=PREFIX_V4, protocol=bgp)
        self.ask("WithdrawPrefix", prefix=PREFIX_V4, protocol=ospf)
        self.ask("DisableOSPF", interface_name=self.options.interface)
        self.ask("DisableBFD", peer_address=BFD_PEER)
        self.ask("RemovePeer", neighbor_address=PEER_V4)
        again = self.ask("Register")
        equal("prefixes left", list(again.current_prefixes), [PREFIX_V6])
        equal("peers left", list(again.current_peers), [PEER_V6])

    def deregister(self):
        self.ask("Deregister", withdraw_all=True)
        left = self.status()
        held = [*left.peers, *left.prefixes, *left.bfd_sessions, *left.ospf_interfaces]
        equal("intents left", held, [])

    def unknown_event_type(self):
        with refused(grpc.StatusCode.INVALID_ARGUMENT):
            request = self.pb.StreamEventsRequest(event_types=["NO_SUCH_TYPE"])
            next(iter(self.stub.StreamEvents(request, timeout=CALL_TIMEOUT_S)))


def wait_configured(events):
    """FRR runs the instance: of one that is taken back before that, no event tells."""
    for name in ["OWNER_REGISTERED", "BGP_CONFIG_CHANGED"]:
        events.expect(name)


def check_events(events, filtered, options):
    """The events that the steps of a session must have caused, with those that were waited for."""
    events.expect("OWNER_DEREGISTERED")
    sequences = [event.sequence for event in events.seen]
    equal("sequence", sequences, list(range(sequences[0], sequences[0] + len(sequences))))
    only("boot identifiers", list({event.boot_id for event in events.seen}))
    now = time.time()
    for event in events.seen:
        assert abs(event.timestamp_unix - now) < 3600, event
        equal("seconds", event.timestamp_ns // 10**9, event.timestamp_unix)
    event = filtered.expect("OWNER_DEREGISTERED")
    equal("owner", event.owner, options.owner)
    only("events through the filter", filtered.seen)


def run(options, pb, rpc):
    """Takes every step; the first that fails raises."""
    with connect(options.socket) as channel:
        stub = rpc.RouteControlStub(channel)
        session = Session(channel, pb, stub, options)
        events = Events(stub, pb)
        filtered = Events(
            stub, pb, owner_filter=options.owner, event_types=["event_type_owner_deregistered"]
        )
        for step in [
            session.health, session.reflection, session.authentication, session.register,
            session.configure_bgp, session.peers, session.prefixes, session.bfd, session.ospf,
            session.frr, session.removal, session.deregister, session.unknown_event_type,
        ]:
            step()
            print(f"ok {step.__name__}")
            if step == session.configure_bgp:
                wait_configured(events)
        check_events(events, filtered, options)
        print("ok events")
        events.close()
        filtered.close()


def main():
    """Reads the arguments, generates the stubs and runs."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("socket", help="Unix socket of the agent")
    arguments.add_argument("--owner", required=True, help="an owner that holds nothing yet")
    arguments.add_argument("--token", required=True)
    arguments.add_argument("--local-as", type=int, default=64512)
    arguments.add_argument("--router-id", default="192.0.2.200")
    arguments.add_argument("--interface", default="lo", help="interface for BFD and OSPF")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pb, rpc = generate(folder)
        run(options, pb, rpc)


if __name__ == "__main__":
    main()
