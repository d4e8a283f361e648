"""F6: connections before the end of their TLS handshake, and what another client's GET takes meanwhile."""

import asyncio
import ssl

from torture.attacks.asked import addresses
from torture.attacks.counters import growth
from torture.attacks.crowd import Connection, Held, room

REFUSED = "frontdesk_connections_refused_total"


def hello():
    """Returns the first bytes of a handshake."""
    sent = ssl.MemoryBIO()
    context = ssl.create_default_context()
    try:
        context.wrap_bio(ssl.MemoryBIO(), sent, server_hostname="localhost").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return sent.read()


def silent(stage):
    """3000 connections of one address without a byte."""
    server = stage.start(tls=True)
    count = room(3000)
    with stage.watch(server) as watch, Held(server.port, addresses(1) * count) as held:
        watch.hold(4.0 if stage.quick else 12.0)
        left = held.open_now()
    return {"connections": count, "left open": left, "refused": growth(watch.before, watch.after, REFUSED)}


def slow(stage):
    """1200 handshakes of 30 addresses, begun again when they are closed: half of them a byte at a time, half without an end."""
    server = stage.start(tls=True)
    count, sources, first = room(1200), addresses(30), hello()
    begun = [0]

    async def one(number, over):
        while not over.is_set():
            connection = Connection(server.port, sources[number % 30])
            try:
                await asyncio.wait_for(connection.open(), 5.0)
                begun[0] += 1
                at = 0
                step = 1 if number % 2 else len(first)
                while not over.is_set() and at < len(first):
                    await connection.send(first[at : at + step])
                    at += step
                    await rest(over, 0.5)
                while not over.is_set() and await asyncio.wait_for(connection.read(), 20.0):
                    pass
            except (OSError, asyncio.TimeoutError):
                pass
            finally:
                connection.close()
            await rest(over, 0.5)

    async def all_of_them(watch):
        over = asyncio.Event()
        tasks = [asyncio.create_task(one(number, over)) for number in range(count)]
        await asyncio.sleep(4.0 if stage.quick else 12.0)
        over.set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    with stage.watch(server) as watch:
        asyncio.run(all_of_them(watch))
    return {"connections": begun[0], "refused": growth(watch.before, watch.after, REFUSED)}


async def rest(over, seconds):
    """Waits, at most until the end."""
    try:
        await asyncio.wait_for(over.wait(), seconds)
    except asyncio.TimeoutError:
        pass
