"""Every limit that counts for each address, once with 30 addresses at the same time: each has its own share, and no more."""

import time
from collections import Counter

from torture.attacks.asked import ADMINISTRATOR, addresses, basic, registration, update
from torture.attacks.clients import register
from torture.attacks.counters import growth
from torture.attacks.crowd import Held, is_open, side_by_side
from torture.attacks.handshakes import REFUSED
from torture.attacks.stage import DOCUMENT

COUNT = 30
MINUTE = {"registrations": 60, "updates": 60, "passwords": 10}
"""The defaults of what an address may do in a minute."""


def requests(stage):
    """Registrations, updates and wrong passwords, a few more than an address may send."""
    server = stage.start(REGISTRATION="open")
    clients = register(server, COUNT)
    sources = addresses(COUNT)
    asked = {
        "registrations": (201, lambda at: [registration(f"of-{at}-{number}") for number in range(70)]),
        "updates": (200, lambda at: [update(clients[at], f"update-{number}") for number in range(70)]),
        "passwords": (401, lambda at: [registration("guess", basic(ADMINISTRATOR, "wrong"))] * 20),
    }
    figures = {}
    with stage.watch(server):
        for name, (status, data) in asked.items():
            begun = time.monotonic()
            groups = side_by_side(server.port, [(source, data(at)) for at, source in enumerate(sources)])
            # A share grows while it is used, and the attempt that uses it up is answered too.
            most = MINUTE[name] * (1 + (time.monotonic() - begun) / 60) + 2
            shares = [sum(reply.status == status for reply in group) for group in groups]
            figures[f"{name}: least of an address"] = min(shares)
            figures[f"{name}: addresses beyond their share"] = sum(share > most for share in shares)
            figures[f"{name}: answered otherwise"] = sum(
                reply.status not in (status, 429) or reply.status == 429 and not reply.headers.get("retry-after")
                for group in groups
                for reply in group
            )
    return figures


def connections(stage):
    """Connections, 40 of each address where it may have 32."""
    server = stage.start(LIMITS_CONNECTIONS_PER_ADDRESS=32)
    return held(stage, server, DOCUMENT, "address")


def handshakes(stage):
    """Silent connections, 40 of each address where 32 handshakes may be under way."""
    return held(stage, stage.start(tls=True), b"", "handshakes")


def held(stage, server, first, reason):
    """Holds 40 connections of each address."""
    sources = addresses(COUNT)
    with stage.watch(server) as watch, Held(server.port, sources * 40, first) as crowd:
        watch.hold(3.0)
        counted = Counter(connection.address for connection in crowd.connections if is_open(connection))
        left = [counted[source] for source in sources]
    return {
        "most of an address": max(left),
        "least of an address": min(left),
        "refused": growth(watch.before, watch.after, REFUSED, f'reason="{reason}"'),
    }
