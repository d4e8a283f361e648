"""An authorization request of a known client at the hop and then at the server behind, beside the same request without the hop."""

import http.client
import json
import pathlib
import sqlite3
import statistics
import time
import urllib.parse

from benchmark import load, processes, stores

# Requests of each kind in a round.
REQUESTS = 1000
DOCUMENT = "https://app.example/client.json"
FAR = 4_000_000_000


def hop(options):
    with stores.folder() as name:
        folder = pathlib.Path(name)
        (folder / "page").write_bytes(b"<!doctype html>log in")
        with processes.Process([options.built / "bare", folder / "page"], {}, 1) as behind:
            target = behind.base + "/"
            settings = {"FRONTDESK_AUTHORIZATION_ENDPOINT": target, "FRONTDESK_AUTHORIZATION_HOP": "true", "FRONTDESK_DOCUMENTS": "open"}
            with processes.service(options.built / "frontdesk", folder, settings=settings) as ours:
                json_type = {"Content-Type": "application/json"}
                answer = processes.fetch(load.endpoint(ours.base), json_type, load.BODY.read_bytes())
                registered = json.loads(answer[2])["client_id"]
                add_document(folder / "frontdesk.db", processes.ISSUER)
                found = {}
                for kind, client in (("registered client", registered), ("client with a document", DOCUMENT)):
                    rounds = [measured(ours.base, target, client) for _ in range(options.rounds)]
                    found[f"hop/{kind}"] = {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}
    return found


def add_document(database, issuer):
    """The row of a document that was read before and is fresh."""
    metadata = json.dumps({"client_name": "Client", "redirect_uris": ["http://127.0.0.1/cb"], "token_endpoint_auth_method": "none",
                           "grant_types": ["authorization_code"], "response_types": ["code"], "application_type": "native"})
    document = json.dumps({"client_id": DOCUMENT, **json.loads(metadata)})
    now = int(time.time())
    with sqlite3.connect(database, timeout=10) as connection:
        connection.execute(
            "INSERT INTO client_document (provider, client_id, metadata, document, first_seen_at, fetched_at, fresh_until, changed_at,"
            " revision, state, asked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, 'active', ?)",
            (issuer, DOCUMENT, metadata, document, now, now, FAR, now, now))
    connection.close()


def measured(base, target, client):
    """The medians in milliseconds, of requests in turns on connections that stay open."""
    query = "?" + urllib.parse.urlencode({"response_type": "code", "client_id": client, "state": "a" * 40, "redirect_uri": "http://127.0.0.1/cb"})
    there, here = (http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc) for url in (target, base))
    direct, through = [], []
    for _ in range(REQUESTS):
        begun = time.perf_counter()
        asked(there, target + query, 200)
        between = time.perf_counter()
        location = asked(here, base + "/authorize" + query, 302)
        asked(there, location, 200)
        direct.append(between - begun)
        through.append(time.perf_counter() - between)
    without, with_hop = (1000 * statistics.median(times) for times in (direct, through))
    return {"without_ms": without, "with_ms": with_hop, "added_ms": with_hop - without}


def asked(connection, url, status):
    parts = urllib.parse.urlsplit(url)
    connection.request("GET", f"{parts.path}?{parts.query}")
    answer = connection.getresponse()
    answer.read()
    if answer.status != status:
        raise SystemExit(f"{url} is answered with {answer.status}, not {status}")
    return answer.headers.get("Location")
