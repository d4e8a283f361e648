"""More registrations at once than the writer's queue holds, while another program keeps SQLite's write lock: each is
answered, with a client or with 503 and Retry-After, and there are as many rows as clients."""

import pathlib
import re
import resource
import selectors
import socket
import sqlite3
import time
import urllib.parse

from benchmark import load, processes, stores

AT_ONCE = 6000
# So many can be left without an answer while nothing is written: the queue's places, and a batch that is under way.
WAITING = 4096 + 256
# Seconds for all of it.
DEADLINE = 60
FULL = "frontdesk_store_writes_refused_total"


def overload(options):
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < 2 * AT_ONCE:
        raise SystemExit(f"{2 * AT_ONCE} files must be allowed to be open at once, and {most} are; see ulimit -n")
    resource.setrlimit(resource.RLIMIT_NOFILE, (2 * AT_ONCE, most))
    with stores.folder() as name, processes.service(options.built / "frontdesk", pathlib.Path(name)) as service:
        database = sqlite3.connect(pathlib.Path(name) / "frontdesk.db", isolation_level=None)
        database.execute("BEGIN IMMEDIATE")
        answers = at_once(load.endpoint(service.base), lambda: database.execute("ROLLBACK"))
        rows = database.execute("SELECT count(*) FROM client").fetchone()[0]
        metrics = processes.fetch(service.management + "/metrics")[2].decode()
    registered = sum(answer.startswith(b"HTTP/1.1 201 ") for answer in answers)
    refused = sum(answer.startswith(b"HTTP/1.1 503 ") and b"\r\nretry-after: " in answer.lower() for answer in answers)
    return {"overload/answers": {
        "asked": AT_ONCE,
        "registered": registered,
        "refused with 503 and Retry-After": refused,
        "of them because the queue was full": float(re.search(rf"^{FULL}(?:{{}})? (\S+)$", metrics, re.M).group(1)),
        "answered otherwise or not at all": AT_ONCE - registered - refused,
        "rows in the store": rows,
    }}


def at_once(register, release):
    """The answers to so many registrations on as many connections. Once all are answered that cannot wait, `release` ends the lock."""
    place = urllib.parse.urlsplit(register)
    body = load.BODY.read_bytes()
    request = (f"POST {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: application/json\r\n"
               f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n").encode() + body
    begun = time.monotonic()
    waiting, answers = selectors.DefaultSelector(), []
    for _ in range(AT_ONCE):
        connection = socket.create_connection((place.hostname, place.port), timeout=DEADLINE)
        connection.sendall(request)
        waiting.register(connection, selectors.EVENT_READ, bytearray())
    while waiting.get_map() and time.monotonic() < begun + DEADLINE:
        for key, _ in waiting.select(0.1):
            try:
                part = key.fileobj.recv(65536)
            except ConnectionError:
                part = b""
            key.data.extend(part)
            if not part:
                waiting.unregister(key.fileobj)
                key.fileobj.close()
                answers.append(bytes(key.data))
        if len(answers) >= AT_ONCE - WAITING and release:
            release()
            release = None
    return answers
