"""Full journeys from the outside, one after the other, while other things happen."""

import os
import subprocess
import threading
import time

from commands import Failed


class Traveller:
    """`frontdesk try --register` as somebody on the host, for whom `localhost` is where the port is published."""

    def __init__(self, binary, address, authority, scratch):
        self.binary, self.address, self.authority = binary, address, authority
        self.hosts = f"{scratch}/hosts"
        with open(self.hosts, "w", encoding="utf-8") as file:
            file.write(f"{address} localhost\n")

    def go(self, credentials):
        """One journey: how it ended, and which step broke why."""
        command = [self.binary, "try", "acct:alice@localhost:9443", "--register", "--json", "--ca", self.authority, *credentials]
        inside = ["unshare", "--mount", "sh", "-euc", f'mount --bind {self.hosts} /etc/hosts && exec "$@"', "sh", *command]
        environment = {"PATH": os.environ["PATH"]}
        done = subprocess.run(inside, capture_output=True, text=True, env=environment, check=False)
        return done.returncode, done.stderr.strip().removeprefix("frontdesk: ")

    def must(self, credentials, times):
        """Journeys of which none may fail."""
        for _ in range(times):
            code, said = self.go(credentials)
            if code:
                raise Failed(f"a journey failed: {said}")
        return times


# An account may register 60 clients a minute at one replica, which is all that is left of them at times.
PACE = 1.2


class Loop:
    """Journeys without end, in a thread for each of several credentials; each that fails goes again once everything stands."""

    def __init__(self, traveller, credentials):
        self.traveller = traveller
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.ended = []
        self.threads = [threading.Thread(target=self.work, args=(each,), daemon=True) for each in credentials]

    def work(self, credentials):
        while not self.over.is_set():
            begun = time.monotonic()
            code, said = self.traveller.go(credentials)
            with self.lock:
                self.ended.append((begun, time.monotonic(), code, said))
            self.over.wait(max(0, begun + PACE - time.monotonic()))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def well(self):
        """How many journeys went all the way so far."""
        with self.lock:
            return sum(code == 0 for _, _, code, _ in self.ended)

    def failed(self):
        """The journeys that did not."""
        with self.lock:
            return [(begun, end, said) for begun, end, code, said in self.ended if code]
