"""Registration and reading on each database."""

import os
import pathlib
import subprocess
import tempfile

from benchmark import load, processes


def folder():
    return tempfile.TemporaryDirectory(prefix="frontdesk-bench.")


def measure(options, name, place, database, watched):
    """Starts, registrations, reads. `watched` are the database's own processes."""
    service = lambda: processes.service(options.built / "frontdesk", place, database)
    # The first start makes the store and the keys, which is not what is measured.
    service().stop()
    runs = {"start": []}
    for _ in range(options.rounds):
        with service() as process:
            runs["start"].append(processes.started(process))
    with service() as process:
        register, clients = load.endpoint(process.base), place / "clients"
        load.clients_file(register, 10_000, clients)
        runs["after_10000"] = [{"rss_mb": processes.rss([process.pid])}]
        under = {"server": [process.pid], **watched}
        for _ in range(options.rounds):
            for case, connections, url, said in [
                ("register_1", 1, register, {"BODY": str(load.BODY)}),
                ("register_64", 64, register, {"BODY": str(load.BODY)}),
                ("read", 32, process.base, {"CLIENTS": str(clients)}),
            ]:
                # Here what fails is a figure; anywhere else it would spoil the others.
                run = load.wrk(under, url, connections, options.seconds, case == "register_64", **said)
                runs.setdefault(case, []).append(run)
    return {f"{name}/{case}": load.median(found) for case, found in runs.items()}


def sqlite(options):
    with folder() as name:
        return measure(options, "sqlite", pathlib.Path(name), None, {})


class Postgres:
    """The server of TEST_POSTGRES, made durable, with a database of its own for each use."""

    def __init__(self):
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

    def log_position(self):
        """How many bytes its write-ahead log has had so far."""
        return int(self.sql("SELECT pg_current_wal_lsn() - '0/0'"))

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
