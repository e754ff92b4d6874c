"""What an owner asks for, as requests. Who asks is filled in when they are sent."""

from __future__ import annotations

import ipaddress
from typing import Any, TypeAlias

from novaroute.v1 import route_control_pb2 as v1

Intent: TypeAlias = (
    v1.ConfigureBGPRequest | v1.ApplyPeerRequest | v1.AdvertisePrefixRequest | v1.EnableBFDRequest | v1.EnableOSPFRequest
)
"""A request that asks for something."""

Key: TypeAlias = tuple[int, str, str, bool]
"""What tells intents apart; opaque. Keys sort in the order in which intents are asked for."""

BGP, PEER, PREFIX, BFD, OSPF = range(5)
UNNUMBERED = "unnumbered"


def bgp(local_as: int, router_id: str) -> v1.ConfigureBGPRequest:
    """The node's BGP instance."""
    return v1.ConfigureBGPRequest(local_as=local_as, router_id=router_id)


def peer(neighbor_address: str, remote_as: int, **fields: Any) -> v1.ApplyPeerRequest:
    """A BGP peer; `fields` are those of `BGPPeer`."""
    return v1.ApplyPeerRequest(peer=v1.BGPPeer(neighbor_address=neighbor_address, remote_as=remote_as, **fields))


def prefix(
    cidr: str, protocol: v1.Protocol = v1.PROTOCOL_BGP, attributes: v1.PrefixAttributes | None = None
) -> v1.AdvertisePrefixRequest:
    """A prefix."""
    return v1.AdvertisePrefixRequest(prefix=cidr, protocol=protocol, attributes=attributes)


def bfd(peer_address: str, **fields: Any) -> v1.EnableBFDRequest:
    """A BFD session; `fields` are those of `EnableBFDRequest`."""
    return v1.EnableBFDRequest(peer_address=peer_address, **fields)


def ospf(interface_name: str, area_id: str, **fields: Any) -> v1.EnableOSPFRequest:
    """An OSPF interface; `fields` are those of `EnableOSPFRequest`."""
    return v1.EnableOSPFRequest(interface_name=interface_name, area_id=area_id, **fields)


def key(intent: Intent) -> Key:
    """The key of an intent: two spellings of an address are one key.

    Raises `ValueError` for what is no address or no prefix.
    """
    match intent:
        case v1.ConfigureBGPRequest():
            return (BGP, "", "", False)
        case v1.ApplyPeerRequest():
            if intent.peer.interface_name:
                return (PEER, intent.peer.interface_name, UNNUMBERED, False)
            return (PEER, _address(intent.peer.neighbor_address), "", False)
        case v1.AdvertisePrefixRequest():
            network = ipaddress.ip_network(intent.prefix, strict=False)
            return (PREFIX, str(network), v1.Protocol.Name(intent.protocol), False)
        case v1.EnableBFDRequest():
            return (BFD, _address(intent.peer_address), intent.interface_name, intent.multihop)
        case _:
            return (OSPF, intent.interface_name, "", False)


def _address(text: str) -> str:
    return str(ipaddress.ip_address(text))
