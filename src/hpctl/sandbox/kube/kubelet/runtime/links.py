"""The network of pods: one bridge, and a pair of links for each pod, made by rtnetlink(7) and netdevice(7).

Four kinds of messages are all that it takes. pyroute2 would build them too, but its import costs 0.65 s of CPU, which
each sandbox would pay, and memory that each container's fork would have to map.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
from typing import Final

BRIDGE: Final = "pods"
_LINK: Final = "eth0"
_ACK, _REQUEST, _CREATE, _EXCLUSIVE = 0x4, 0x1, 0x400, 0x200
_NEWLINK, _NEWROUTE, _ERROR = 16, 24, 2
_ROUTE_TO, _ROUTE_THROUGH = 1, 4
# A route of type local in the table `local`, for this host alone (rtnetlink(7), `struct rtmsg`).
_TABLE_LOCAL, _PROTOCOL_STATIC, _SCOPE_HOST, _TYPE_LOCAL = 255, 4, 254, 2
# And what a route through a link is made of.
_TABLE_MAIN, _SCOPE_LINK, _TYPE_UNICAST = 254, 253, 1
_IFNAME, _MASTER, _LINKINFO, _NET_NS_FD, _KIND, _DATA, _PEER = 3, 10, 18, 28, 1, 2, 1
_IFF_UP: Final = 0x1
_SIOCSIFFLAGS, _SIOCSIFADDR, _SIOCSIFNETMASK, _SIOCADDRT = 0x8914, 0x8916, 0x891C, 0x890B
_RTF_UP, _RTF_GATEWAY = 0x1, 0x2


def make_bridge(address: str, prefix: int) -> None:
    """Make the bridge in the network namespace of now, with its address, and set the loopback up."""
    _new_link(_attribute(_IFNAME, BRIDGE.encode() + b"\0") + _attribute(_LINKINFO, _attribute(_KIND, b"bridge")))
    configure("lo", "127.0.0.1", 8)
    configure(BRIDGE, address, prefix)


def own(network: str) -> None:
    """Make all addresses of a network (CIDR) this namespace's own, so that one can listen on each."""
    base, _, length = network.partition("/")
    kinds = _TABLE_LOCAL, _PROTOCOL_STATIC, _SCOPE_HOST, _TYPE_LOCAL
    header = struct.pack("BBBBBBBBI", socket.AF_INET, int(length), 0, 0, *kinds, 0)
    through = _attribute(_ROUTE_THROUGH, struct.pack("I", socket.if_nametoindex("lo")))
    _ask(_NEWROUTE, header + _attribute(_ROUTE_TO, socket.inet_aton(base)) + through)


def join(name: str, namespace: int) -> None:
    """Make a pair of links: `name` on the bridge of now, and `eth0` in another network namespace."""
    peer = _link_header() + _attribute(_IFNAME, _LINK.encode() + b"\0")
    peer += _attribute(_NET_NS_FD, struct.pack("I", namespace))
    info = _attribute(_KIND, b"veth") + _attribute(_DATA, _attribute(_PEER, peer))
    master = _attribute(_MASTER, struct.pack("I", socket.if_nametoindex(BRIDGE)))
    _new_link(_attribute(_IFNAME, name.encode() + b"\0") + master + _attribute(_LINKINFO, info), _IFF_UP)


def configure(link: str, address: str, prefix: int) -> None:
    """Give a link of the namespace of now its address, and set it up."""
    mask = (0xFFFFFFFF << (32 - prefix)) & 0xFFFFFFFF
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCSIFADDR, _request(link, _address(socket.inet_aton(address))))
        fcntl.ioctl(control, _SIOCSIFNETMASK, _request(link, _address(struct.pack("!I", mask))))
        fcntl.ioctl(control, _SIOCSIFFLAGS, _request(link, struct.pack("h", _IFF_UP)))


def configure_pod(address: str, prefix: int, gateway: str, services: str) -> None:
    """Set up the links of a pod's namespace: its address, and the way to the addresses of Services. No other way."""
    configure("lo", "127.0.0.1", 8)
    configure(_LINK, address, prefix)
    network, _, length = services.partition("/")
    mask = (0xFFFFFFFF << (32 - int(length))) & 0xFFFFFFFF
    route = b"\0" * 8 + _address(socket.inet_aton(network)) + _address(socket.inet_aton(gateway))
    route += _address(struct.pack("!I", mask)) + struct.pack("H", _RTF_UP | _RTF_GATEWAY) + b"\0" * 62
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCADDRT, route)


def configure_node(address: str) -> None:
    """Set up the links of a machine's namespace: its address, and every other one on the bridge itself."""
    configure("lo", "127.0.0.1", 8)
    configure(_LINK, address, 32)
    kinds = _TABLE_MAIN, _PROTOCOL_STATIC, _SCOPE_LINK, _TYPE_UNICAST
    through = _attribute(_ROUTE_THROUGH, struct.pack("I", socket.if_nametoindex(_LINK)))
    _ask(_NEWROUTE, struct.pack("BBBBBBBBI", socket.AF_INET, 0, 0, 0, *kinds, 0) + through)


def _new_link(attributes: bytes, flags: int = 0) -> None:
    _ask(_NEWLINK, _link_header(flags) + attributes)


def _ask(kind: int, body: bytes) -> None:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as wire:
        wire.bind((0, 0))
        wanted = _REQUEST | _ACK | _CREATE | _EXCLUSIVE
        wire.send(struct.pack("IHHII", 16 + len(body), kind, wanted, 1, 0) + body)
        answer = wire.recv(65536)
    (answered,) = struct.unpack_from("H", answer, 4)
    (error,) = struct.unpack_from("i", answer, 16)
    if answered == _ERROR and error:
        raise OSError(-error, os.strerror(-error), "rtnetlink")


def _link_header(flags: int = 0) -> bytes:
    return struct.pack("BxHiII", socket.AF_UNSPEC, 0, 0, flags, flags)


def _attribute(kind: int, value: bytes) -> bytes:
    padding = -len(value) % 4
    return struct.pack("HH", 4 + len(value), kind) + value + b"\0" * padding


def _address(packed: bytes) -> bytes:
    return struct.pack("HH", socket.AF_INET, 0) + packed + b"\0" * 8


def _request(link: str, value: bytes) -> bytes:
    return link.encode().ljust(16, b"\0") + value.ljust(24, b"\0")
