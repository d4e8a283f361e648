"""Profiles and recipes with one Frontdesk."""

import hashlib
import json
import os
import re

from commands import must, run, say
from stage import FOLDER, PASSWORD


def single(stage, profile, service):
    """One Frontdesk: first start, a full journey, another account, a restart on the same volumes."""
    engine = stage.project(service, profile)
    engine.up()
    stage.rights(engine)
    container = engine.containers[service]
    authority = f"{engine.scratch}/volumes/{'data' if service == 'frontdesk' else service}/ca.pem"
    traveller = stage.traveller(engine, service, authority)
    stage.count("journeys, none failed", traveller.must(["--account", f"admin:{PASSWORD}"], 3))
    added = container.execute("frontdesk", "account", "add", "second", "--role", "administrator", input="another password\n")
    must(added.returncode == 0, f"docker compose exec: {added.stderr}")
    secrets = digests(engine)
    engine.down()
    engine.up()
    must(secrets == digests(engine), "a second start made other secrets")
    stage.count("journeys, none failed", traveller.must(["--account", "second:another password"], 1))
    engine.down()
    stage.clean(engine)
    say(f"profile {profile or 'postgres, by default'}: {', '.join(engine.containers)}; started twice on the same volumes")


def digests(engine):
    """Every secret the first start made."""
    found = {}
    for folder, _, files in os.walk(f"{engine.scratch}/volumes"):
        for file in files:
            if file in ("password", "sealing", "sealing.key", "ca.pem", "ca.key"):
                with open(f"{folder}/{file}", "rb") as kept:
                    found[f"{folder}/{file}"] = hashlib.sha256(kept.read()).hexdigest()
    return found


def mcp(stage):
    """docs/recipes/mcp: whoever comes registers, an editor with its own scheme too."""
    engine = stage.project("mcp", file="docs/recipes/mcp/compose.yml")
    engine.up()
    stage.rights(engine)
    authority = f"{engine.scratch}/volumes/data/ca.pem"
    traveller = stage.traveller(engine, "frontdesk", authority)
    stage.count("journeys, none failed", traveller.must([], 1))
    editor = {
        "client_name": "Editor",
        "redirect_uris": ["cursor://anysphere.cursor-mcp/oauth/callback"],
        "token_endpoint_auth_method": "none",
    }
    place = f"localhost:9443:{traveller.address}:9443"
    curl = ["curl", "-sS", "--fail", "--cacert", authority, "--connect-to", place, "-H", "Content-Type: application/json"]
    client = json.loads(run(*curl, "-d", json.dumps(editor), "https://localhost:9443/register"))
    must(client["redirect_uris"] == editor["redirect_uris"] and "client_secret" not in client, f"an editor became {client}")
    document = json.loads(run(*curl, "https://localhost:9443/.well-known/oauth-authorization-server"))
    must(document["code_challenge_methods_supported"] == ["S256"], f"an MCP client refuses {document}")
    stage.finish(engine, "recipe mcp: an editor registered itself")


def tailscale(stage):
    """docs/recipes/tailscale: the answer its README shows."""
    engine = stage.project("tailscale", file="docs/recipes/tailscale/compose.yml")
    engine.up()
    stage.rights(engine)
    with open(f"{FOLDER}/docs/recipes/tailscale/README.md", encoding="utf-8") as file:
        shown = json.loads(re.search(r"```json\n(.*?)```", file.read(), re.S).group(1))
    address = stage.traveller(engine, "frontdesk", "").address
    answer = json.loads(run("curl", "-sS", "--fail", f"http://{address}:9443/.well-known/webfinger?resource=acct:alice@example.com"))
    must(answer == shown, f"WebFinger says {answer}")
    stage.finish(engine, "recipe tailscale: WebFinger answered what its page shows")
