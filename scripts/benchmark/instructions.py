"""Instructions per request by callgrind, which do not depend on what else the machine is doing."""

import http.client
import json
import pathlib
import re
import shutil
import subprocess
import urllib.parse

from benchmark import processes

REQUESTS = 3000
CONNECTIONS = 64
ROUNDS = 40


def under(folder):
    """What a command is run below; its figures go to `folder`."""
    if not shutil.which("valgrind"):
        raise SystemExit("valgrind is missing; run: scripts/install-missing bench")
    return ["valgrind", "--tool=callgrind", "--separate-threads=yes", f"--callgrind-out-file={folder}/callgrind.out", "--quiet"]


def count(process, folder, url, headers):
    """Instructions of one GET, over one connection that is kept."""
    place = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=120)
    target = place.path + ("?" + place.query if place.query else "")

    def ask(times):
        for _ in range(times):
            # The request that wrk sends: a Host and nothing else.
            connection.putrequest("GET", target, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders()
            connection.getresponse().read()

    ask(200)
    # The busiest thread is the worker. The others read the keys again every two seconds, whatever is asked.
    counted = round(max(totals(process, folder, lambda: ask(REQUESTS))) / REQUESTS)
    connection.close()
    return counted


def registrations(process, folder, url, body):
    """Instructions of one registration in all threads: each round sends one on every connection, then reads the answers."""
    place = urllib.parse.urlsplit(url)
    connections = [http.client.HTTPConnection(place.hostname, place.port, timeout=600) for _ in range(CONNECTIONS)]
    client = json.loads(body)

    def register(rounds):
        for made in range(rounds):
            for number, connection in enumerate(connections):
                sent = json.dumps(client | {"client_name": f"Client {made:03}-{number:02}"}, separators=(",", ":"))
                connection.request("POST", place.path, sent, {"Content-Type": "application/json"})
            for connection in connections:
                answer = connection.getresponse()
                if (answer.status, len(answer.read()) > 0) != (201, True):
                    raise SystemExit(f"a registration was answered with {answer.status}")

    register(10)
    counted = round(sum(totals(process, folder, lambda: register(ROUNDS))) / (ROUNDS * CONNECTIONS))
    for connection in connections:
        connection.close()
    return counted


def totals(process, folder, work):
    """Instructions of each thread of the process while `work` runs."""
    subprocess.run(["vgdb", f"--pid={process.pid}", "zero"], check=True, capture_output=True)
    work()
    before = set(pathlib.Path(folder).glob("callgrind.out*"))
    subprocess.run(["vgdb", f"--pid={process.pid}", "dump"], check=True, capture_output=True)
    # The dump is complete once the process has answered again.
    processes.fetch(process.base + processes.DISCOVERY)
    made = set(pathlib.Path(folder).glob("callgrind.out*")) - before
    return [int(re.search(r"^totals: (\d+)", dump.read_text(), re.M).group(1)) for dump in made]
