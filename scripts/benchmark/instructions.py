"""Instructions per request by callgrind, which do not depend on what else the machine is doing."""

import http.client
import pathlib
import re
import shutil
import subprocess
import urllib.parse

REQUESTS = 3000


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
    subprocess.run(["vgdb", f"--pid={process.pid}", "zero"], check=True, capture_output=True)
    ask(REQUESTS)
    before = set(pathlib.Path(folder).glob("callgrind.out*"))
    subprocess.run(["vgdb", f"--pid={process.pid}", "dump"], check=True, capture_output=True)
    ask(1)
    made = set(pathlib.Path(folder).glob("callgrind.out*")) - before
    connection.close()
    # The busiest thread is the worker. The others read the keys again every two seconds, whatever is asked.
    return round(max(int(re.search(r"^totals: (\d+)", dump.read_text(), re.M).group(1)) for dump in made) / REQUESTS)
