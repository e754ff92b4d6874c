"""A client of NovaRoute, the routing agent of a node.

`Session` keeps what an owner wants in the agent, whatever restarts. `Owner` makes single calls. `Events` follows what
happens without a loss. The messages are those of `novaroute.v1.route_control_pb2`.
"""

from novaroute.errors import Broken, CallError, FieldViolation, Refused
from novaroute.events import Events
from novaroute.intents import Intent, Key, bfd, bgp, key, ospf, peer, prefix
from novaroute.owner import Owner
from novaroute.session import Report, Session

__all__ = [
    "Broken", "CallError", "Events", "FieldViolation", "Intent", "Key", "Owner", "Refused", "Report", "Session",
    "bfd", "bgp", "key", "ospf", "peer", "prefix",
]
