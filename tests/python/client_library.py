#!/usr/bin/env python3
"""Drives an agent with the library of clients/python, which must be installed.

    client_library.py SOCKET --owner NAME --token TOKEN --holder NAME --held PREFIX

HELD is announced by the owner HOLDER. Exits 0 and prints one line for each step, or prints what failed and exits 1. What it
declares it takes away again.
"""

import argparse
import threading
import time

import grpc
import novaroute
from novaroute.v1 import route_control_pb2 as v1

from agent_client import equal

TIMEOUT_S = 15
OWN = ["10.66.5.1/32", "10.66.5.2/32"]


def calls(options, channel):
    """Single calls, and what is raised where they fail."""
    owner = novaroute.Owner(channel, options.owner, options.token)
    first = owner.put(novaroute.prefix("10.66.5.1/32"), wait=v1.WAIT_ADVERTISED)
    equal("announced", [(row.prefix, row.state) for row in owner.status().prefixes], [(OWN[0], "advertised")])
    owner.remove(first, wait=v1.WAIT_PROGRAMMED)
    equal("announced", list(owner.status().prefixes), [])
    held = refused(lambda: owner.put(novaroute.prefix(options.held)))
    equal("code", held.code, grpc.StatusCode.ALREADY_EXISTS)
    equal("refusal", (held.reason, held.holder), ("HELD_BY_ANOTHER", options.holder))
    wrong = refused(lambda: owner.put(novaroute.peer("192.0.2.1", 0, hold_time=2, keepalive=1)))
    equal("fields", [fault.field for fault in wrong.fields], ["peer.remote_as", "peer.hold_time"])
    stranger = novaroute.Owner(channel, options.owner, "not-the-token")
    equal("reason", refused(stranger.deregister).reason, "BAD_CREDENTIALS")


def keys(_options, _channel):
    """Two spellings of an address are one key; another interface is another session."""
    key = novaroute.key
    equal("prefix", key(novaroute.prefix("2001:DB8:0::1/64")), key(novaroute.prefix("2001:db8::/64")))
    equal("peer", key(novaroute.peer("2001:DB8:0::1", 1)), key(novaroute.peer("2001:db8::1", 2)))
    here, there = novaroute.bfd("192.0.2.1", interface_name="a"), novaroute.bfd("192.0.2.1", interface_name="b")
    assert key(here) != key(there), key(here)


def session(options, channel):
    """What is left of before goes, what is wanted comes, what cannot be taken is told."""
    owner = novaroute.Owner(channel, options.owner, options.token)
    owner.put(novaroute.prefix("10.66.5.9/32"))
    told = threading.Event()
    with novaroute.Session(
        options.socket, options.owner, options.token, map(novaroute.prefix, OWN), lease_s=60,
        on_event=lambda event: event.type == v1.EVENT_TYPE_INTENT_PROGRAMMED and told.set(),
    ) as kept:
        report = kept.settled(TIMEOUT_S)
        equal("report", (report.taken, dict(report.refused), report.held_back), (len(OWN), {}, None))
        equal("held", prefixes(owner), OWN)
        assert told.wait(TIMEOUT_S), "no event came"
        held = kept.put(novaroute.prefix(options.held))
        equal("refused", kept.settled(TIMEOUT_S).refused[held].holder, options.holder)
        kept.replace([novaroute.prefix(OWN[1])])
        equal("refused", dict(kept.settled(TIMEOUT_S).refused), {})
        equal("held", prefixes(owner), OWN[1:])
        kept.end(withdraw_all=True)
    equal("held", prefixes(owner), [])


def superseded(options, channel):
    """Another process of the owner takes over: this one changes nothing any more, and says why."""
    kept = novaroute.Session(options.socket, options.owner, options.token, [novaroute.prefix(OWN[0])])
    kept.settled(TIMEOUT_S)
    other = novaroute.Owner(channel, options.owner, options.token)
    other.register()
    kept.put(novaroute.prefix(OWN[1]))
    deadline = time.monotonic() + TIMEOUT_S
    while kept.report.broken is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (kept.report.broken or "").startswith("SESSION_SUPERSEDED: "), kept.report
    kept.close()
    other.deregister(withdraw_all=True)


def events(options, channel):
    """The stream comes back to the next event."""
    owner = novaroute.Owner(channel, options.owner, options.token)
    types = ["owner_registered", "owner_deregistered"]
    followed = novaroute.Events(options.socket, owner_filter=options.owner, event_types=types, snapshot=True)
    seen = iter(followed)
    while next(seen).type != v1.EVENT_TYPE_SNAPSHOT_END:
        pass
    owner.register()
    registered = next(seen)
    equal("type", registered.type, v1.EVENT_TYPE_OWNER_REGISTERED)
    # The stream breaks, and meanwhile something happens.
    followed._call.cancel()
    owner.deregister()
    gone = next(seen)
    equal("type", gone.type, v1.EVENT_TYPE_OWNER_DEREGISTERED)
    assert gone.sequence > registered.sequence, (registered, gone)
    followed.close()
    unknown = novaroute.Events(options.socket, event_types=["NO_SUCH_TYPE"])
    equal("reason", refused(lambda: next(iter(unknown))).reason, "INVALID_FIELD")


def refused(call):
    """The refusal that `call` must end with."""
    try:
        call()
    except novaroute.Refused as refusal:
        return refusal
    raise AssertionError("accepted")


def prefixes(owner):
    """What the owner announces."""
    return [row.prefix for row in owner.status().prefixes]


def main():
    """Reads the arguments and takes every step."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("socket", help="Unix socket of the agent")
    for name in ["--owner", "--token", "--holder", "--held"]:
        arguments.add_argument(name, required=True)
    options = arguments.parse_args()
    channel = grpc.insecure_channel(f"unix:{options.socket}")
    for step in [calls, keys, session, superseded, events]:
        step(options, channel)
        print(f"ok {step.__name__}")


if __name__ == "__main__":
    main()
