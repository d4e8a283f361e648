"""Registration and reading on each database, and how both stand when the store has grown."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from benchmark import load, processes

HERE = pathlib.Path(__file__).resolve().parent
ISSUER = "http://localhost:9443"
GROWN = (10_000, 100_000, 1_000_000)

# Enough inserts behind a fill for processor time that is counted in hundredths of a second.
MEASURED = 20_000


def folder():
    return tempfile.TemporaryDirectory(prefix="frontdesk-bench.")


def start(options, place, database):
    """The service, when it first answered, in milliseconds, and its memory then."""
    service = processes.service(options.built / "frontdesk", place, database)
    while processes.fetch(service.base + "/.well-known/openid-configuration")[0] != 200:
        pass
    took = (time.monotonic() - service.begun) * 1000
    time.sleep(1)
    return service, {"start_ms": took, "rss_mb": processes.rss([service.pid])}


def measure(options, name, place, database, watched):
    """Start, registrations, reads. `watched` are the database's own processes."""
    service, _ = start(options, place, database)
    service.stop()
    service, started = start(options, place, database)
    figures = {f"{name}/start": started}
    with service:
        clients = place / "clients"
        load.clients_file(service.base, 10_000, clients)
        figures[f"{name}/after_10000"] = {"rss_mb": processes.rss([service.pid])}
        under = {"server": [service.pid], **watched}
        body = str(HERE / "registration.json")
        runs = {}
        for _ in range(options.rounds):
            for case, connections, path, said in [
                ("register_1", 1, "/register", {"BODY": body}),
                ("register_64", 64, "/register", {"BODY": body}),
                ("read", 32, "/", {"CLIENTS": str(clients)}),
            ]:
                runs.setdefault(case, []).append(load.wrk(under, service.base + path, connections, options.seconds, **said))
    return figures | {f"{name}/{case}": load.median(found) for case, found in runs.items()}


def sqlite(options):
    with folder() as name:
        return measure(options, "sqlite", pathlib.Path(name), None, {})


class Postgres:
    """The server of TEST_POSTGRES, made durable, with a database of its own for each use."""

    def __init__(self):
        if "TEST_POSTGRES" not in os.environ:
            os.execv(HERE.parent / "with-postgres", ["with-postgres", *sys.argv])
        self.admin, self.bin = os.environ["TEST_POSTGRES"], os.environ["TEST_POSTGRES_BIN"]
        for setting in ("fsync = on", "full_page_writes = on"):
            self.sql(f"ALTER SYSTEM SET {setting}")
        self.sql("SELECT pg_reload_conf()")
        self.pid = int(pathlib.Path(self.sql("SHOW data_directory"), "postmaster.pid").read_text().split()[0])

    def sql(self, text, database=None):
        command = [f"{self.bin}/psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", text, database or self.admin]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def database(self, name):
        self.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self.sql(f"CREATE DATABASE {name}")
        return self.admin.rsplit("/", 1)[0] + "/" + name

    def pgbench(self, database, script, clients, seconds):
        """One statement a transaction: requests a second, and the server's CPU for each."""
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
            file.write(script)
            file.flush()
            before = processes.cpu([self.pid])
            done = subprocess.run(
                ["taskset", "-c", str(load.LOAD_PROCESSOR), f"{self.bin}/pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", "1",
                 "-T", str(seconds), "-f", file.name, database], check=True, capture_output=True, text=True).stdout
        number = int(done.split("actually processed: ")[1].split()[0])
        tps = float(done.split("tps = ")[1].split()[0])
        return {"req_s": tps, "postgres_cpu_us": (processes.cpu([self.pid]) - before) / number * 1e6}


# The row of a registration. Its metadata may have no colon, which pgbench would take for a variable.
PGBENCH_INSERT = """INSERT INTO client (client_id, provider, metadata, token_digest, secret_sealed, issued_at, revision)
VALUES (to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint) || gen_random_uuid(), 'http//localhost/9443', repeat('m', 1250),
repeat('d', 43), repeat('s', 110), 1800000000, 1);
"""
PGBENCH_ROWS = """INSERT INTO client (client_id, provider, metadata, token_digest, secret_sealed, issued_at, revision)
SELECT 'pgbench-' || n, 'p', repeat('m', 1250), repeat('d', 43), repeat('s', 110), 1800000000, 1 FROM generate_series(1, 2000) n"""
PGBENCH_SELECT = "\\set n random(1, 2000)\nSELECT * FROM client WHERE client_id = 'pgbench-' || (:n)::text;\n"


def postgres(options):
    server = Postgres()
    with folder() as name:
        url = server.database("frontdesk_bench")
        figures = measure(options, "postgres", pathlib.Path(name), url, {"postgres": [server.pid]})
        server.sql(PGBENCH_ROWS, url)
        for case, script, clients in [("pgbench_insert", PGBENCH_INSERT, 64), ("pgbench_select", PGBENCH_SELECT, 8)]:
            runs = [server.pgbench(url, script, clients, options.seconds) for _ in range(options.rounds)]
            figures[f"postgres/{case}"] = load.median(runs)
    return figures


def growth(options):
    server = Postgres()
    figures = {}
    for kind in ("sqlite", "postgres"):
        with folder() as name:
            place = pathlib.Path(name)
            processes.sealing_key(place)
            database = server.database("frontdesk_growth") if kind == "postgres" else f"sqlite://{place / 'frontdesk.db'}"
            have = 0
            for wanted in (size for size in GROWN if size <= options.clients):
                fill(options, place, database, max(0, wanted - have - MEASURED))
                row = json.loads(fill(options, place, database, min(MEASURED, wanted)))
                have = wanted
                figures[f"growth/{kind}/{wanted}"] = row | served(options, place, database)
                print(f"growth/{kind}/{wanted}", figures[f"growth/{kind}/{wanted}"], file=sys.stderr)
        if kind == "postgres":
            server.sql("DROP DATABASE frontdesk_growth WITH (FORCE)")
    return figures


def fill(options, place, database, count):
    command = [options.built / "fill", database, place / "sealing.key", ISSUER, HERE / "registration.json", str(count), place / "clients"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def served(options, place, database):
    """The same store behind HTTP."""
    service, started = start(options, place, database)
    with service:
        runs = {"read": [], "register": []}
        for _ in range(options.rounds):
            under = {"server": [service.pid]}
            runs["read"].append(load.wrk(under, service.base + "/", 32, options.seconds, CLIENTS=str(place / "clients")))
            runs["register"].append(load.wrk(under, service.base + "/register", 64, options.seconds, BODY=str(HERE / "registration.json")))
        row = {f"http_{case}_cpu_us": load.median(found)["server_cpu_us"] for case, found in runs.items()}
        return row | {"start_ms": started["start_ms"], "rss_mb": processes.rss([service.pid])}
