"""A client that is no part of an attack, in a process of its own: it measures its own latency and the service's memory.

`begin`, `over` and `end` on standard input tell when the attack begins, when it is over, and when the memory is to be read for the last time. The
figures follow on standard output, in JSON.
"""

import json
import socket
import ssl
import sys
import threading
import time

PATIENCE = 25.0
"""The seconds after which a request counts as failed."""

CALM = 8
"""The number of requests before the attack."""

PAGE_MB = 4096 / 2**20


def tls():
    """Returns settings that trust every certificate: the service's is its own."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Asker:
    """Asks on new connections from one address."""

    def __init__(self, port, address, secure):
        self.port, self.address, self.context = port, address, tls() if secure else None

    def connect(self):
        """Returns a new connection, after its handshake."""
        connection = socket.create_connection(("127.0.0.1", self.port), PATIENCE, (self.address, 0))
        return self.context.wrap_socket(connection, server_hostname="localhost") if self.context else connection

    def ask(self, request, connection=None):
        """Sends one request; returns its status, 0 for none, and the seconds that took, the connection included."""
        begun = time.monotonic()
        try:
            connection = connection or self.connect()
            with connection:
                connection.settimeout(PATIENCE)
                connection.sendall(request)
                head = b""
                while b"\r\n" not in head:
                    read = connection.recv(4096)
                    if not read:
                        return 0, time.monotonic() - begun
                    head += read
                return int(head.split(b" ")[1]), time.monotonic() - begun
        except (OSError, ValueError, IndexError):
            return 0, time.monotonic() - begun


class Memory(threading.Thread):
    """Samples the resident memory of a process, in MB."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.path, self.now, self.peak = f"/proc/{pid}/statm", 0.0, 0.0
        self.look()

    def look(self):
        """Takes one sample; False once the process is gone."""
        try:
            with open(self.path, encoding="ascii") as file:
                self.now = int(file.read().split()[1]) * PAGE_MB
        except (OSError, IndexError):
            return False
        self.peak = max(self.peak, self.now)
        return self.now > 0

    def run(self):
        """Samples until the process ends."""
        while self.look():
            time.sleep(0.02)


class Observer:
    """Everything that one attack is watched with."""

    def __init__(self, plan):
        self.plan = plan
        self.asker = Asker(plan["port"], plan["address"], plan["tls"])
        self.over = threading.Event()
        self.asked, self.single = [], {}
        self.number = 0

    def question(self):
        """Asks the question once more, with a number of its own in it."""
        self.number += 1
        return self.asker.ask(self.plan["request"].replace("{number}", f"{self.number:08}").encode("latin-1"))

    def repeat(self):
        """Asks again and again until the attack is over."""
        while not self.over.is_set():
            self.asked.append(self.question())
            self.over.wait(self.plan["every"])

    def once(self, name, single, connection):
        """Asks one request, some seconds after the beginning."""
        time.sleep(single["at"])
        asker = Asker(self.plan["port"], single["address"], self.plan["tls"])
        self.single[name] = asker.ask(single["request"].encode("latin-1"), connection)

    def run(self):
        """Follows standard input; returns what was measured."""
        calm = [self.question() for _ in range(CALM)]
        opened = {name: self.asker.connect() for name, single in self.plan["once"].items() if single["opened"]}
        memory = Memory(self.plan["pid"])
        print("calm", flush=True)
        sys.stdin.readline()
        memory.look()
        before = memory.peak = memory.now
        memory.start()
        threads = [threading.Thread(target=self.repeat)]
        threads += [threading.Thread(target=self.once, args=(name, single, opened.get(name))) for name, single in self.plan["once"].items()]
        for thread in threads:
            thread.start()
        sys.stdin.readline()
        self.over.set()
        for thread in threads:
            thread.join()
        print("asked", flush=True)
        sys.stdin.readline()
        alive = memory.look()
        wanted = self.plan["status"]
        afterwards, _ = self.question()
        return {
            "calm answer s": max(took for _, took in calm),
            "calm failed": sum(status != wanted for status, _ in calm),
            "slowest answer s": max((took for _, took in self.asked), default=None),
            "failed answers": sum(status != wanted for status, _ in self.asked),
            "answers": len(self.asked),
            "answered afterwards": afterwards == wanted,
            "MB before": before,
            "MB at most": memory.peak,
            "MB after": memory.now if alive else None,
            "once": self.single,
        }


if __name__ == "__main__":
    print(json.dumps(Observer(json.loads(sys.stdin.readline())).run()), flush=True)
