"""Clients that register, read, replace and delete as fast as they are answered."""

import itertools
import random
import threading
import time

from torture.ledger import metadata, whole
from torture.wire import Unanswered, Wire

NUMBERS = itertools.count()
"""Tags are unique in a run."""


class Load:
    """A number of clients, each on a kept connection; every client changes only what it registered itself."""

    def __init__(self, ledger, ports, clients):
        self.ledger, self.ports = ledger, ports
        self.ending = threading.Event()
        self.outage = Outage()
        # Shared out before anybody registers more.
        there = [client for client in ledger.clients if not client.gone]
        self.threads = [
            threading.Thread(target=self.work, args=(number, there[number::clients]), daemon=True) for number in range(clients)
        ]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join()
        self.outage.written()

    def work(self, number, mine):
        """One client until the end of the load."""
        wire = Wire(self.ports[number % len(self.ports)])
        try:
            while not self.ending.is_set():
                certain = [client for client in random.sample(mine, min(len(mine), 8)) if client.certain]
                act = random.choices([self.register, self.read, self.replace, self.delete], [30, 25, 30, 15])[0]
                try:
                    if act == self.register or not certain:
                        mine += self.register(wire, None)
                    else:
                        act(wire, certain[0])
                        if certain[0].gone:
                            mine.remove(certain[0])
                except Unanswered:
                    self.ledger.count("unanswered")
                    self.ending.wait(0.02)
        except Exception as error:  # a thread that dies in silence would look like a service that keeps its promises
            self.ledger.lose(f"a client broke off: {error!r}")
        finally:
            wire.close()

    def ask(self, wire, *request):
        """Asks and counts; an answer nobody should get is written down."""
        self.ledger.count("requests")
        answer = wire.ask(*request)
        self.ledger.count(f"answered {answer.status}")
        if answer.status == 503:
            wait = answer.headers.get("retry-after", "")
            if not wait.isdigit() or int(wait) >= 10:
                self.ledger.lose(f"{request[0]}: 503 with Retry-After {wait!r}")
            self.ending.wait(0.05)
        return answer

    def odd(self, answer, request):
        """Writes an answer down that is neither the promise nor 503."""
        if answer.status != 503:
            self.ledger.lose(f"{request}: {answer.status} {answer.text[:200]!r}")

    def register(self, wire, _):
        """A new client; in a list, if it was promised."""
        tag = f"c{next(NUMBERS)}"
        with self.ledger.lock:
            self.ledger.unanswered.add(tag)
        answer = self.ask(wire, "POST", "/register", metadata(tag))
        if answer.status != 201:
            self.odd(answer, "POST")
            return []
        self.outage.written()
        shown = answer.json()
        with self.ledger.lock:
            self.ledger.unanswered.discard(tag)
        if not whole(shown, tag):
            self.ledger.lose(f"torn: a 201 for {tag} shows something else")
        return [self.ledger.registered(shown)]

    def read(self, wire, client):
        """A client as it was promised."""
        answer = self.ask(wire, "GET", client.path, None, client.token)
        if answer.status != 200:
            self.odd(answer, f"lost while it runs: GET {client.id}")
        elif answer.json() != client.shown:
            self.ledger.lose(f"changed while it runs: {client.id}")

    def replace(self, wire, client):
        """Another name for everything."""
        client.replacing = f"c{next(NUMBERS)}"
        answer = self.ask(wire, "PUT", client.path, {"client_id": client.id, **metadata(client.replacing)}, client.token)
        if answer.status != 200:
            self.odd(answer, f"PUT {client.id}")
            return
        self.outage.written()
        broken = client.settle(answer.json())
        if broken:
            self.ledger.lose(f"in a 200: {broken}")

    def delete(self, wire, client):
        """The end of a client."""
        client.deleting = True
        answer = self.ask(wire, "DELETE", client.path, None, client.token)
        if answer.status != 204:
            self.odd(answer, f"DELETE {client.id}")
            return
        self.outage.written()
        client.gone, client.deleting = True, False


class Outage:
    """For how long nothing was written at most."""

    def __init__(self):
        self.lock = threading.Lock()
        self.last = time.monotonic()
        self.longest = 0.0

    def written(self):
        """Something was written now."""
        now = time.monotonic()
        with self.lock:
            self.longest = max(self.longest, now - self.last)
            self.last = now
