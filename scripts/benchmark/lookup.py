"""What a question of the lookup costs, with as many clients as the growth of the stores ends with: SQLite, 32 connections, clients from
all over the store."""

import os
import pathlib
import subprocess
import urllib.parse

from benchmark import growth, load, processes, stores


def lookup(options):
    with stores.folder() as name:
        place = pathlib.Path(name) / "store"
        database = f"sqlite://{place / 'frontdesk.db'}"
        store = growth.Store(options, "sqlite", options.clients, place, database)
        with processes.service(options.built / "frontdesk", place, database, settings={"FRONTDESK_LOOKUP_LISTEN": "127.0.0.1:0"}) as service:
            questions = place / "questions"
            questions.write_text(asked(store, token(options, place, database)))
            runs = [load.wrk({"server": [service.pid]}, service.lookup, 32, options.seconds, CLIENTS=str(questions)) for _ in range(options.rounds)]
    return {f"lookup/{options.clients}": load.median(runs)}


def token(options, place, database):
    """A lookup token that reads secrets, which costs the most."""
    environment = {"PATH": os.environ["PATH"], "FRONTDESK_DATA": str(place), "FRONTDESK_DATABASE": database, "FRONTDESK_ISSUER": growth.ISSUER,
                   "FRONTDESK_TLS": "off", "FRONTDESK_SEALING_KEY_FILE": str(place / "sealing.key")}
    command = [str(options.built / "frontdesk"), "lookup-token", "issue", "--secrets", "read"]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()


def asked(store, secret):
    """A line with path and token for each client of the store's file, in an order that jumps about."""
    ids = [line.split()[0].rsplit("/", 1)[1] for line in (store.place / "clients").read_text().splitlines()]
    query = lambda client: urllib.parse.urlencode({"issuer": growth.ISSUER, "client_id": client, "redirect_uri": "https://rp.example.com/cb"})
    return "".join(f"/clients?{query(client)} {secret}\n" for client in ids)
