"""oidc-agent, the program of Debian's package oidc-agent-cli: `oidc-gen` registers a client of its own and asks for the log-in. It says
`application_type` web, with redirect URIs on loopback and one of a private-use scheme."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
from contextlib import contextmanager, suppress
from urllib.parse import parse_qs, urlsplit

from steps import OPEN, PROTECTED, TOKEN, run, same

TIMEOUT_SECONDS = 60
"""The time after which an `oidc-gen` without an authorization request is ended."""


@contextmanager
def agent():
    """Runs an oidc-agent for a block, and gives the environment in which it is found."""
    with tempfile.TemporaryDirectory() as home:
        environment = {"PATH": os.environ["PATH"], "HOME": home, "TMPDIR": home, "OIDC_ENCRYPTION_PW": "interop"}
        started = subprocess.run(["oidc-agent"], env=environment, capture_output=True, text=True, check=True).stdout
        environment |= dict(re.findall(r"(OIDC_SOCK|OIDCD_PID)=([^;]+);", started))
        try:
            yield environment
        finally:
            os.kill(int(environment["OIDCD_PID"]), signal.SIGTERM)


def free_port():
    """Returns a port that is free, since the agent listens there for the answer; it takes none above 49151."""
    for port in range(20000, 32768):
        with socket.socket() as taken, suppress(OSError):
            taken.bind(("localhost", port))
            return port
    raise AssertionError("no port is free")


def generate(issuer, *arguments):
    """Returns the lines that `oidc-gen` prints, up to the address of the authorization request. After it, it waits for the log-in."""
    command = ["oidc-gen", f"--iss={issuer}", f"--cp={os.environ['SSL_CERT_FILE']}", "--scope=openid profile", "--flow=code"]
    command += ["--no-url-call", "--confirm-yes", "--prompt=none", "--pw-env=OIDC_ENCRYPTION_PW", *arguments, "interop"]
    told = []
    with agent() as environment:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        timer = threading.Timer(TIMEOUT_SECONDS, process.kill)
        timer.start()
        with process:
            for line in process.stdout:
                told.append(line.strip())
                if "/oauth2/authorize?" in line:
                    break
            process.kill()
        timer.cancel()
    return told


def authorization_request(told, issuer):
    """Returns the parameters of the authorization request in the last line."""
    address = urlsplit(told[-1])
    same(f"{address.scheme}://{address.netloc}{address.path}", f"{issuer}/oauth2/authorize")
    return {name: values[0] for name, values in parse_qs(address.query).items()}


def stored(client):
    """Returns the metadata of a client from the store of the open server."""
    with sqlite3.connect(f"file:{os.environ['OPEN_DATA']}/frontdesk.db?mode=ro", uri=True) as store:
        [(metadata,)] = store.execute("SELECT metadata FROM client WHERE client_id = ?", (client,))
    return json.loads(metadata)


def open_server(step):
    with step("registration, authorization request"):
        asked = authorization_request(generate(OPEN), OPEN)
        client = stored(asked["client_id"])
        same(asked["redirect_uri"], client["redirect_uris"][0])
        same(client["redirect_uris"][-1], "edu.kit.data.oidc-agent:/redirect")
        same(client["application_type"], "native")
        same(sorted(client["grant_types"]), ["authorization_code", "refresh_token"])
    with step("registration with loopback only"):
        redirect = f"http://localhost:{free_port()}"
        asked = authorization_request(generate(OPEN, f"--redirect-uri={redirect}"), OPEN)
        client = stored(asked["client_id"])
        same(client["redirect_uris"], [redirect])
        same(client["application_type"], "web")


def protected_server(step):
    with step("no token, no client"):
        same([line for line in generate(PROTECTED) if "oauth2/authorize" in line], [])
    with step("registration with a token"):
        authorization_request(generate(PROTECTED, f"--at={TOKEN}"), PROTECTED)


run("oidc-agent", {"open": open_server, "protected": protected_server})
