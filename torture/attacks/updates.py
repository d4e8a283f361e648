"""F5: updates and deletions as a load, and updates that change nothing."""

import itertools
import os
import threading
import time

from torture.attacks.asked import addresses, deletion, request, path, update
from torture.attacks.clients import Written, register
from torture.attacks.crowd import one_by_one, side_by_side
from torture.wire import Wire

EACH_MINUTE = 60
"""The default of limits.updates_per_minute."""


def one_client(stage):
    """200 updates of one client, a deletion behind them, and another client from another address."""
    server = stage.start(REGISTRATION="open")
    mine, other = register(server, 2)
    before = Written(server)
    here, there = addresses(2)
    with stage.watch(server) as watch:
        replies = one_by_one(server.port, here, [update(mine, f"update-{number}") for number in range(200)])
        took = watch.seconds()
        [deleted] = one_by_one(server.port, here, [deletion(mine)])
        [another] = one_by_one(server.port, there, [update(other, "another")])
    [still] = one_by_one(server.port, there, [request("GET", path(mine), None, "Bearer " + mine["registration_access_token"])])
    return {
        **accepted(replies, took),
        "deletion": deleted.status,
        "client after the deletion": still.status,
        "another's update": another.status,
        **difference(before, Written(server), sum(reply.status == 200 for reply in [*replies, another])),
    }


def six_clients(stage):
    """240 updates of six clients of one address, side by side."""
    server = stage.start(REGISTRATION="open")
    clients = register(server, 6)
    before = Written(server)
    [here] = addresses(1)
    with stage.watch(server) as watch:
        groups = [(here, [update(client, f"update-{number}") for number in range(40)]) for client in clients]
        replies = [reply for group in side_by_side(server.port, groups) for reply in group]
        took = watch.seconds()
    return {**accepted(replies, took), **difference(before, Written(server), sum(reply.status == 200 for reply in replies))}


def deletions(stage):
    """100 deletions from one address, one after the other."""
    server = stage.start(REGISTRATION="open")
    clients = register(server, 100)
    [here] = addresses(1)
    with stage.watch(server) as watch:
        replies = one_by_one(server.port, here, [deletion(client) for client in clients])
        took = watch.seconds()
    return {**accepted(replies, took, 204), "clients gone": len(clients) - len(Written(server).revisions)}


def load(stage):
    """55 clients of one address, updated as fast as they are answered."""
    server = stage.start(REGISTRATION="open")
    clients = register(server, 55)
    before, size = Written(server), database(server)
    [here] = addresses(1)
    seconds, numbers, replies = 4.0 if stage.quick else 20.0, itertools.count(), []

    def work(mine):
        wire = Wire(server.port, here)
        for client in itertools.cycle(mine):
            if time.monotonic() > until:
                break
            body = {"client_id": client["client_id"], "client_name": f"update {next(numbers)}", "redirect_uris": client["redirect_uris"]}
            replies.append(wire.ask("PUT", path(client), body, client["registration_access_token"]))
        wire.close()

    with stage.watch(server) as watch:
        until = time.monotonic() + seconds
        threads = [threading.Thread(target=work, args=(clients[at::11],)) for at in range(11)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = watch.seconds()
    return {
        **accepted(replies, took),
        "database KB": (database(server) - size) // 1024,
        **difference(before, Written(server), sum(reply.status == 200 for reply in replies)),
    }


def equal(stage):
    """Twenty updates that change nothing."""
    server = stage.start(REGISTRATION="open")
    [client] = register(server, 1)
    before = Written(server)
    with stage.watch(server):
        replies = one_by_one(server.port, addresses(1)[0], [update(client, client["client_name"])] * 20)
    after = Written(server)
    return {
        "answered 200": sum(reply.status == 200 for reply in replies),
        "rows of the trail": len(after.trail) - len(before.trail),
        "revisions": revisions(before, after),
    }


def accepted(replies, took, status=200):
    """Returns how many were accepted, how many more than the limit lets through in that time, and how the rest was refused."""
    done = sum(reply.status == status for reply in replies)
    waits = [reply.headers.get("retry-after", "") for reply in replies if reply.status == 429]
    return {
        "requests": len(replies),
        "accepted": done,
        "beyond the limit": max(0, done - EACH_MINUTE - int(took * EACH_MINUTE / 60) - 1),
        "refused with Retry-After": sum(wait.isdigit() for wait in waits),
        "answered otherwise": len(replies) - done - sum(wait.isdigit() for wait in waits),
    }


def difference(before, after, updates):
    """Returns the rows and revisions that are there without an accepted update, or missing."""
    rows = after.events("client updated") - before.events("client updated")
    return {
        "rows amiss": abs(rows - updates),
        "revisions amiss": abs(revisions(before, after) - updates),
        "rows of the trail": len(after.trail) - len(before.trail),
    }


def revisions(before, after):
    """Returns how many revisions the clients have more."""
    return sum(after.revisions.values()) - sum(before.revisions.values())


def database(server):
    """Returns the bytes of the database and its log."""
    folder = os.path.join(server.folder, "frontdesk-data")
    return sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder) if ".db" in name)
