"""Two replicas on one PostgreSQL, raced on the same client."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier

from torture.ledger import Ledger, metadata, whole
from torture.verify import verify
from torture.wire import Answer, Wire

RACERS = 8


@dataclass
class Run:
    """What one racer did, and when."""

    tag: str
    answer: Answer
    begun: float
    ended: float


class Track:
    """The racers, each with a connection to one of the replicas."""

    def __init__(self, servers, ledger):
        self.servers, self.ledger = servers, ledger
        self.wires = [Wire(servers[at % len(servers)].port) for at in range(RACERS)]
        self.pool = ThreadPoolExecutor(RACERS)

    def client(self):
        """A new client, from either replica."""
        tag = f"start-{random.randrange(10**12)}"
        answer = random.choice(self.wires).ask("POST", "/register", metadata(tag))
        if answer.status != 201:
            raise RuntimeError(f"POST: {answer.status}")
        return self.ledger.registered(answer.json())

    def race(self, client, acts):
        """Everybody at once: `acts` says who does what."""
        barrier = Barrier(len(acts))

        def one(wire, act, tag):
            body = {"client_id": client.id, **metadata(tag)} if act == "PUT" else None
            wire.connect()
            barrier.wait()
            begun = time.monotonic()
            answer = wire.ask(act, client.path, body, client.token)
            self.ledger.count(f"{act} answered {answer.status}")
            return Run(tag, answer, begun, time.monotonic())

        tags = [f"{client.id}-{at}-{random.randrange(10**9)}" for at in range(len(acts))]
        runs = list(self.pool.map(one, self.wires, acts, tags))
        client.updates += len(winners(runs, 200))
        return runs

    def seen(self, client, token=None):
        """What both replicas say of it, which must be the same."""
        answers = [Wire(server.port).ask("GET", client.path, None, token or client.token) for server in self.servers]
        if len({(answer.status, answer.text) for answer in answers if answer.status == 200} | {(a.status, b"") for a in answers}) > 2:
            self.ledger.lose(f"the replicas disagree about {client.id}")
        if len({answer.status for answer in answers}) > 1:
            self.ledger.lose(f"one replica has {client.id} and the other has not")
        return answers[0].json() if answers[0].status == 200 else None

    def expect(self, runs, allowed):
        """Answers nobody should get."""
        for run in runs:
            if run.answer.status not in allowed:
                self.ledger.lose(f"an answer of {run.answer.status} in a race: {run.answer.text[:200]!r}")


def race(site, ledger: Ledger):
    """Updates, deletions and new tokens against each other, again and again."""
    servers = [site.server(), site.server()]
    for server in servers:
        server.start()
    track = Track(servers, ledger)
    for _ in range(site.options.races):
        updates(track, ledger)
        deletions(track, ledger)
        both(track, ledger)
    for _ in range(max(site.options.races // 10, 2)):
        tokens(track, ledger)
    for server in servers:
        verify(ledger, server)
    return {"races": 3 * site.options.races + max(site.options.races // 10, 2), "racers": RACERS, "replicas": len(servers)}


def winners(runs, status):
    """Who was told that."""
    return [run for run in runs if run.answer.status == status]


def updates(track, ledger):
    """Of updates at once one wins, or one after the other; whoever is told 409 changed nothing."""
    client = track.client()
    runs = track.race(client, ["PUT"] * RACERS)
    track.expect(runs, (200, 409))
    shown, won = track.seen(client), winners(runs, 200)
    last = [run for run in won if shown and whole(shown, run.tag)]
    if len(last) != 1:
        ledger.lose(f"{client.id} is what none of the {len(won)} winners was told")
    elif any(other.begun > last[0].ended for other in won):
        ledger.lose(f"{client.id} went back to what an earlier winner wrote")
    elif last[0].answer.json() != shown:
        ledger.lose(f"{client.id} is not what its winner was told")
    else:
        client.shown = shown


def deletions(track, ledger):
    """Of deletions at once exactly one is told 204."""
    client = track.client()
    runs = track.race(client, ["DELETE"] * RACERS)
    track.expect(runs, (204, 401))
    if len(winners(runs, 204)) != 1:
        ledger.lose(f"{client.id} was deleted {len(winners(runs, 204))} times")
    client.gone = True
    if track.seen(client):
        ledger.lose(f"resurrected: {client.id}")


def both(track, ledger):
    """An update never brings back what was deleted."""
    client = track.client()
    acts = ["PUT", "DELETE"] * (RACERS // 2)
    random.shuffle(acts)
    runs = track.race(client, acts)
    for run, act in zip(runs, acts):
        track.expect([run], (200, 409, 401) if act == "PUT" else (204, 401))
    gone = winners(runs, 204)
    if len(gone) != 1:
        ledger.lose(f"{client.id} was deleted {len(gone)} times")
    elif any(run.begun > gone[0].ended for run in winners(runs, 200)):
        ledger.lose(f"{client.id} was updated after its deletion")
    client.gone = True
    if track.seen(client):
        ledger.lose(f"resurrected: {client.id} was updated and deleted at once")


def tokens(track, ledger):
    """Of tokens issued at once through the command line, while updates go on, exactly one is worth something in the end."""
    client = track.client()
    with ThreadPoolExecutor(3) as pool:
        issued = [pool.submit(server.command, "client", "reissue", client.id) for server in (*track.servers, track.servers[0])]
        while not all(future.done() for future in issued):
            track.expect(track.race(client, ["PUT"] * 2), (200, 409, 401))
    new = [future.result().stdout.strip() for future in issued]
    client.reissued += len(new)
    ledger.count("tokens issued", len(new))
    good = [token for token in new if track.seen(client, token)]
    if len(good) != 1 or track.seen(client):
        ledger.lose(f"{client.id} has {len(good)} tokens of {len(new)} that were issued")
        return
    shown = track.seen(client, good[0])
    if not whole(shown, shown["client_name"]):
        ledger.lose(f"torn: {client.id}")
    client.shown = shown
