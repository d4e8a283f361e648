"""How both databases stand with 10 000, 100 000 and 1 000 000 clients: a store of each size, measured in turns."""

import contextlib
import json
import pathlib
import subprocess
import sys

from benchmark import load, processes, stores

ISSUER = "http://localhost:9443"
SIZES = (10_000, 100_000, 1_000_000)

# Clients added in each round to see what an insert costs, as many at once as there are connections under load.
ADDED = 5000
AT_ONCE = 64


class Store:
    """A store of one size, with keys, and the file of the clients that are read."""

    def __init__(self, options, kind, size, place, database):
        self.options, self.kind, self.size, self.place, self.database = options, kind, size, place, database
        place.mkdir()
        processes.sealing_key(place)
        # The first start makes the keys, which is not what is measured.
        self.service().stop()
        self.fill(size, 512, "clients")

    def service(self):
        return processes.service(self.options.built / "frontdesk", self.place, self.database)

    def run(self, program, *arguments):
        command = ["taskset", "-c", "0", self.options.built / program, self.database, self.place / "sealing.key", ISSUER, *arguments]
        return json.loads(subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout)

    def fill(self, count, at_once, clients):
        return self.run("fill", load.BODY, count, at_once, self.place / clients)


def growth(options):
    figures = {}
    server = stores.Postgres()
    for kind in ("sqlite", "postgres"):
        with stores.folder() as name, contextlib.ExitStack() as stack:
            filled = []
            for size in (size for size in SIZES if size <= options.clients):
                place = pathlib.Path(name) / str(size)
                database = f"sqlite://{place / 'frontdesk.db'}"
                if kind == "postgres":
                    database = server.database(f"frontdesk_{size}")
                    stack.callback(server.sql, f"DROP DATABASE frontdesk_{size} WITH (FORCE)")
                filled.append(Store(options, kind, size, place, database))
                print(f"{kind}: {size} clients", file=sys.stderr)
            runs = in_turns(options, filled, server if kind == "postgres" else None)
            figures |= {f"growth/{kind}/{size}": load.median(found) for size, found in runs.items()}
    return figures


def in_turns(options, filled, server):
    """Of each round: start, reads over HTTP and in the process, then what makes the store larger."""
    runs = {store.size: [] for store in filled}
    for _ in range(options.rounds):
        for store in filled:
            with store.service() as service:
                found = processes.started(service)
                read = load.wrk({"server": [service.pid]}, service.base, 32, options.seconds, CLIENTS=str(store.place / "clients"))
            runs[store.size].append(found | {"http_read_cpu_us": read["server_cpu_us"], "most_mb": read["most_mb"]} | store.run("look", store.place / "clients"))
    for number in range(options.rounds):
        for store in filled:
            runs[store.size][number] |= added(store, server)
    for number in range(options.rounds):
        for store in filled:
            with store.service() as service:
                url = load.endpoint(service.base)
                register = load.wrk({"server": [service.pid]}, url, 64, options.seconds, BODY=str(load.BODY))
            found = runs[store.size][number]
            found["http_register_cpu_us"] = register["server_cpu_us"]
            found["most_mb"] = max(found["most_mb"], register["most_mb"])
    return runs


def added(store, server):
    """What an insert costs the process; on PostgreSQL, its log counts as written."""
    before = server and server.log_position()
    found = store.fill(ADDED, AT_ONCE, "added")
    if server:
        found["bytes_written_each"] = (server.log_position() - before) / ADDED
    return found
