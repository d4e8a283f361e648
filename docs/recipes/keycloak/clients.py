#!/usr/bin/env python3
"""Keeps a Keycloak realm's copy of a provider's clients: makes those that are new, changes those that changed, deletes those
that are gone. Touches no client of the realm that is no copy.

Asks the program `frontdesk`, with the settings of the environment and --config, and Keycloak's Admin REST API as a client of the
realm whose service account may manage clients. Without --keycloak it prints what the copies would be, with no secret.
"""

import argparse
import json
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

# Ways to authenticate that this carries.
METHODS = ["client_secret_basic", "client_secret_post", "none"]

# Tells a copy from a client that somebody entered, and of which revision it is.
REVISION = "frontdesk.revision"

# The realm's own scopes that are no scope of OpenID Connect: without the first, tokens have no `sub`.
INNER = ["basic", "acr", "roles", "web-origins"]


def keycloak(client):
    """A client as Keycloak has it, but for its secret."""
    metadata = client["metadata"]
    grants = metadata.get("grant_types", [])
    public = metadata.get("token_endpoint_auth_method") == "none"
    # A star at the end is any path for Keycloak, and a star for OAuth.
    redirects = [uri for uri in metadata.get("redirect_uris", []) if not uri.endswith("*")]
    made = {
        "clientId": client["client_id"],
        "name": metadata.get("client_name", client["client_id"]),
        "baseUrl": metadata.get("client_uri", ""),
        "protocol": "openid-connect",
        "enabled": True,
        "publicClient": public,
        "clientAuthenticatorType": "client-secret",
        "redirectUris": redirects,
        "webOrigins": ["+"] if public else [],
        "standardFlowEnabled": "authorization_code" in grants,
        "implicitFlowEnabled": "implicit" in grants,
        "directAccessGrantsEnabled": "password" in grants,
        "serviceAccountsEnabled": "client_credentials" in grants,
        # Whoever registered it chose its name: people are asked.
        "consentRequired": True,
        # What is empty is taken away.
        "attributes": {
            REVISION: str(client["revision"]),
            "id.token.signed.response.alg": metadata.get("id_token_signed_response_alg", ""),
            "use.refresh.tokens": str("refresh_token" in grants).lower(),
            # A client without a secret proves by PKCE that a code is its own.
            "pkce.code.challenge.method": "S256" if public else "",
            "post.logout.redirect.uris": "##".join(uri for uri in metadata.get("post_logout_redirect_uris", []) if not uri.endswith("*")),
            "backchannel.logout.url": metadata.get("backchannel_logout_uri", ""),
            "logoUri": metadata.get("logo_uri", ""),
            "policyUri": metadata.get("policy_uri", ""),
            "tosUri": metadata.get("tos_uri", ""),
        },
    }
    # The scopes that were agreed and no other; whoever named none has what the realm gives to all.
    if "scope" in metadata:
        made["defaultClientScopes"] = INNER
        made["optionalClientScopes"] = [scope for scope in metadata["scope"].split() if scope != "openid"]
    return made


class Realm:
    """The Admin REST API of one realm."""

    def __init__(self, server, realm, client, secret):
        self.at = f"{server}/admin/realms/{realm}"
        asked = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
        form = urllib.parse.urlencode(asked).encode()
        with urllib.request.urlopen(f"{server}/realms/{realm}/protocol/openid-connect/token", form, 30) as answer:
            self.token = json.load(answer)["access_token"]

    def ask(self, method, path, body=None):
        head = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.at + path, data, head, method=method), timeout=30) as answer:
            return json.loads(answer.read() or "null")

    def copies(self):
        """The copies in the realm by their identifiers."""
        found, page = {}, 100
        for first in range(0, sys.maxsize, page):
            some = self.ask("GET", f"/clients?first={first}&max={page}")
            found.update({client["clientId"]: client for client in some if REVISION in client.get("attributes", {})})
            if len(some) < page:
                return found

    def keep_scopes(self, made, before):
        """Keycloak reads a client's scopes when it is made only; afterwards each goes in or out by itself."""
        known = {scope["name"]: scope["id"] for scope in self.ask("GET", "/client-scopes")}
        moves = []
        for kind in ("default", "optional"):
            has = set(before.get(f"{kind}ClientScopes", []))
            wanted = made.get(f"{kind}ClientScopes")
            if wanted is None:
                wanted = [scope["name"] for scope in self.ask("GET", f"/default-{kind}-client-scopes")]
            moves += [("DELETE", kind, name) for name in sorted(has.difference(wanted))]
            moves += [("PUT", kind, name) for name in sorted(set(wanted).difference(has))]
        # Out of one list before it goes into the other.
        for method, kind, name in sorted(moves):
            if name in known:
                self.ask(method, f"/clients/{before['id']}/{kind}-client-scopes/{known[name]}")


def main():
    parser = argparse.ArgumentParser(description="A realm's copy of a provider's clients.")
    parser.add_argument("--provider", required=True, help="the issuer")
    parser.add_argument("--config", help="the configuration file of frontdesk")
    parser.add_argument("--keycloak", help="where Keycloak is, such as http://127.0.0.1:8080")
    parser.add_argument("--realm", help="the realm; the end of the issuer unless it is named")
    parser.add_argument("--client", default="frontdesk", help="the client whose service account manages the copies")
    parser.add_argument("--secret-file", help="a file with its secret")
    parser.add_argument("--yes", action="store_true", help="delete more than half of the copies, if so many clients are gone")
    arguments = parser.parse_args()
    if arguments.keycloak and not arguments.secret_file:
        parser.error("--keycloak takes --secret-file")

    def frontdesk(*words):
        configured = ["--config", arguments.config] if arguments.config else []
        return subprocess.run(["frontdesk", *words, *configured], check=True, stdout=subprocess.PIPE, text=True).stdout

    wanted, left = {}, 0
    for line in frontdesk("client", "list", "--json", "--provider", arguments.provider).splitlines():
        client = json.loads(line)
        method = client["metadata"].get("token_endpoint_auth_method")
        if client["expired"]:
            continue
        if method in METHODS:
            wanted[client["client_id"]] = keycloak(client)
        else:
            left += 1
            print(f"{client['client_id']}: left out, since it authenticates with {method}", file=sys.stderr)
    if not arguments.keycloak:
        for made in wanted.values():
            print(json.dumps(made, indent=2, ensure_ascii=False))
        return 1 if left else 0

    with open(arguments.secret_file, encoding="utf-8") as file:
        secret = file.read().strip()
    realm = Realm(arguments.keycloak.rstrip("/"), arguments.realm or arguments.provider.rsplit("/", 1)[1], arguments.client, secret)
    there = realm.copies()
    gone = [name for name in there if name not in wanted]
    if 2 * len(gone) > len(there) and not arguments.yes:
        sys.exit(f"{len(gone)} of the realm's {len(there)} copies would be deleted, and nothing was changed; --yes deletes them")
    counts = {"made": 0, "changed": 0, "deleted": 0}
    for name, made in wanted.items():
        before = there.get(name)
        if before and before["attributes"].get(REVISION) == made["attributes"][REVISION]:
            continue
        if not made["publicClient"]:
            shown = json.loads(frontdesk("client", "show", name, "--with-secret"))
            if str(shown["revision"]) != made["attributes"][REVISION]:
                continue  # It changed just now, and is copied the next time.
            made["secret"] = shown["client_secret"]
        if before:
            realm.keep_scopes(made, before)
            realm.ask("PUT", f"/clients/{before['id']}", {**before, **made, "attributes": {**before["attributes"], **made["attributes"]}})
        else:
            realm.ask("POST", "/clients", made)
        counts["changed" if before else "made"] += 1
    for name in gone:
        realm.ask("DELETE", f"/clients/{there[name]['id']}")
        counts["deleted"] += 1
    if any(counts.values()):
        print(", ".join(f"{number} {what}" for what, number in counts.items()))
    return 1 if left else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
    except urllib.error.HTTPError as error:
        sys.exit(f"Keycloak answered {error.code} at {error.url}: {error.read(500).decode(errors='replace')}")
    except urllib.error.URLError as error:
        sys.exit(f"Keycloak does not answer: {error.reason}")
