"""F0 and F7: wrong passwords of strangers, and an administrator who logs in meanwhile."""

import asyncio
import threading
import time

from torture.attacks.asked import ADMINISTRATOR, PASSWORD, addresses, basic, registration
from torture.attacks.counters import Counters
from torture.attacks.crowd import Connection, at_once, one_by_one, room

ONCE_SHIPPED = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=100"}
"""The setting that image and unit had when F0 was found: the worst that is known."""


def guesses(sources, each):
    """Returns wrong passwords, that many of each address in turn, each for an account of its own."""
    return [(source, registration(f"guess-{at}", basic(f"stranger{at}", f"wrong {at}"))) for at, source in enumerate(sources * each)]


LOGINS = {ADMINISTRATOR: 0.5, "second": 1.5, "third": 3.0}
"""Administrators, each of whom logs in once: how many seconds after the beginning. A password that was proved is not verified again for a minute."""


def many(stage, **more):
    """F7: 3000 connections from 30 addresses, each of which sends wrong passwords, and administrators who log in for the first time."""
    server = stage.start(**more)
    for name in LOGINS:
        if name != ADMINISTRATOR:
            server.command("account", "add", name, "--role", "administrator", typed=PASSWORD + "\n")
    asked = guesses(addresses(30), 34 if stage.quick else 100)
    room(len(asked))
    replies, waiting = [], []
    once = {f"{name}'s log-in": {"at": at, "request": registration(f"of-{name}", basic(name, PASSWORD))} for name, at in LOGINS.items()}
    with stage.watch(server, once=once):
        until = time.monotonic() + (5.0 if stage.quick else 12.0)
        look = threading.Thread(target=count_waiting, args=(server, until, waiting))
        look.start()
        asyncio.run(guess(server.port, asked, until, replies))
        look.join()
    in_time = sum(reply.status > 0 and reply.seconds <= 6.0 for reply in replies)
    told = [reply.headers.get("retry-after", "").isdigit() for reply in replies if reply.status in (429, 503)]
    return {
        "guesses": len(replies),
        "% in 6 s": round(100.0 * in_time / len(replies), 1),
        "most waiting": max((count for count in waiting if count is not None), default=None),
        "refused without Retry-After": len(told) - sum(told),
        "let in": sum(reply.status == 201 for reply in replies),
    }


async def guess(port, asked, until, replies):
    """Sends every guess at once, each again a second after it was answered, until the time is up."""

    async def one(address, data):
        connection = Connection(port, address)
        while time.monotonic() < until:
            replies.append(await connection.ask(data))
            await asyncio.sleep(1.0)
        connection.close()

    await asyncio.gather(*(one(address, data) for address, data in asked))


def abandoned(stage):
    """F7: as many wrong passwords, whose clients hang up as soon as they have sent them, and an administrator who logs in."""
    server = stage.start()
    asked = guesses(addresses(30), 34 if stage.quick else 100)
    room(len(asked))
    seconds = 4.0 if stage.quick else 10.0
    sent = [0]

    async def one(address, data):
        connection = Connection(server.port, address)
        while time.monotonic() < until:
            try:
                await connection.open()
                await connection.send(data)
                sent[0] += 1
            except OSError:
                pass
            connection.close()
            await asyncio.sleep(1.0)

    async def all_of_them():
        await asyncio.gather(*(one(address, data) for address, data in asked))

    login = {"at": 2.0, "request": registration("of-admin", basic(ADMINISTRATOR, PASSWORD))}
    with stage.watch(server, once={"admin's log-in": login}):
        until = time.monotonic() + seconds
        asyncio.run(all_of_them())
    return {"guesses": sent[0]}


def count_waiting(server, until, waiting):
    """Reads how many passwords wait, until the time is up."""
    while time.monotonic() < until:
        waiting.append(Counters(server).sum("frontdesk_passwords_waiting"))
        time.sleep(0.2)


def memory(stage):
    """F7: 750 wrong passwords, 250 at a time, from 30 addresses."""
    server = stage.start()
    asked = guesses(addresses(30), 10 if stage.quick else 25)
    with stage.watch(server):
        replies = [reply for at in range(0, len(asked), 250) for reply in at_once(server.port, asked[at : at + 250])]
    return {"guesses": len(replies)}


def one_address(stage):
    """F0: twice a hundred wrong passwords at once from one address, under the setting that was shipped."""
    server = stage.start(environment=ONCE_SHIPPED)
    with stage.watch(server):
        replies = [reply for _ in range(2) for reply in at_once(server.port, guesses(addresses(1), 100))]
    return {"guesses": len(replies)}


def in_sequence(stage):
    """F0: wrong passwords one after the other, under the setting that was shipped."""
    server = stage.start(environment=ONCE_SHIPPED)
    sources, count = addresses(30), 90 if stage.quick else 600
    asked = guesses(sources, count // len(sources))
    with stage.watch(server):
        for source in sources:
            one_by_one(server.port, source, [data for address, data in asked if address == source])
    return {"guesses": count}
