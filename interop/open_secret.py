"""docs/store.md shows how another program opens a client secret; that program, as it stands there, with a real store."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import requests
from steps import OPEN, run, same

DATA = os.environ["OPEN_DATA"]


def opened(client):
    """What the page's program prints of a client."""
    [program] = re.findall(r"^```python\n(.*?)^```$", Path(os.environ["STORE_PAGE"]).read_text("utf-8"), re.M | re.S)
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(program)
        file.flush()
        command = [sys.executable, file.name, f"{DATA}/sealing.key", f"{DATA}/frontdesk.db", client]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def register(**metadata):
    metadata["redirect_uris"] = ["https://rp.example/callback"]
    answer = requests.post(f"{OPEN}/register", json=metadata, timeout=30)
    same(answer.status_code, 201)
    return answer.json()


def secrets(step):
    with step("the secret of a client is the one it was given"):
        client = register()
        same(opened(client["client_id"]), (0, client["client_secret"], ""))
    with step("a client without a secret has none"):
        client = register(token_endpoint_auth_method="none")
        same(opened(client["client_id"]), (0, "the client has no secret", ""))
    with step("an unknown client is none"):
        same(opened("nobody"), (1, "", "there is no such client, or it has expired"))


run("docs/store.md", {"another program": secrets})
