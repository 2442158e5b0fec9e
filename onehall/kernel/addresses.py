"""Where a request came from: the client's address behind trusted proxies, and what counts as one connection."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

type Address = IPv4Address | IPv6Address

HOME: Final = 64
"""Bits of an IPv6 address that one household or phone shares; it changes the others at will."""


def client_address(remote: str, forwarded: str, *, proxies: int) -> Address | None:
    """The address of whoever asked, of the peer `remote` and the header X-Forwarded-For.

    Each proxy appends the address it was asked from, so the entry that the outermost of `proxies`
    trusted ones wrote stands that many places from the right; what is left of it anybody may have
    made up. Without trusted proxies, or where the header is too short or no address, it is `remote`.
    """
    hops = forwarded.split(",") if forwarded else []
    if 0 < proxies <= len(hops):
        found = read(hops[-proxies])
        if found is not None:
            return found
    return read(remote)


def read(text: str) -> Address | None:
    """An address as proxies write it, with or without a port; None for anything else."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def connection(address: Address | None) -> str:
    """What is counted as one connection: an IPv4 address, the /64 of an IPv6 one, or all unknown ones."""
    if address is None:
        return "unknown"
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, HOME), strict=False))
    return str(address)
