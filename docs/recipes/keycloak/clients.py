#!/usr/bin/env python3
"""Writes a provider's clients as a partial import for Keycloak, which overwrites those it has of the same identifier.

Asks the program `frontdesk`, with the settings of the environment and --config. The output has secrets in clear.
"""

import argparse
import json
import subprocess
import sys

# Ways to authenticate that this carries.
METHODS = ["client_secret_basic", "client_secret_post", "none"]


def keycloak(client):
    """A client as Keycloak has it."""
    metadata = client["metadata"]
    grants = metadata.get("grant_types", [])
    public = metadata.get("token_endpoint_auth_method") == "none"
    attributes = {
        "post.logout.redirect.uris": "##".join(metadata.get("post_logout_redirect_uris", [])),
        "use.refresh.tokens": str("refresh_token" in grants).lower(),
    }
    # A client without a secret proves by PKCE that a code is its own.
    if public:
        attributes["pkce.code.challenge.method"] = "S256"
    if "backchannel_logout_uri" in metadata:
        attributes["backchannel.logout.url"] = metadata["backchannel_logout_uri"]
    made = {
        "clientId": client["client_id"],
        "name": metadata.get("client_name", client["client_id"]),
        "protocol": "openid-connect",
        "enabled": True,
        "publicClient": public,
        "redirectUris": metadata.get("redirect_uris", []),
        "webOrigins": ["+"] if public else [],
        "standardFlowEnabled": "authorization_code" in grants,
        "implicitFlowEnabled": "implicit" in grants,
        "directAccessGrantsEnabled": "password" in grants,
        "serviceAccountsEnabled": "client_credentials" in grants,
        # Whoever registered it chose its name: people are asked.
        "consentRequired": True,
        "attributes": attributes,
    }
    if "client_uri" in metadata:
        made["baseUrl"] = metadata["client_uri"]
    if client.get("client_secret"):
        made["clientAuthenticatorType"] = "client-secret"
        made["secret"] = client["client_secret"]
    return made


def main():
    parser = argparse.ArgumentParser(description="A provider's clients as a partial import for Keycloak.")
    parser.add_argument("--provider", required=True, help="the issuer")
    parser.add_argument("--config", help="the configuration file of frontdesk")
    arguments = parser.parse_args()

    def frontdesk(*words):
        configured = ["--config", arguments.config] if arguments.config else []
        return subprocess.run(["frontdesk", *words, *configured], check=True, stdout=subprocess.PIPE, text=True).stdout

    clients, left = [], 0
    for line in frontdesk("client", "list", "--json", "--provider", arguments.provider).splitlines():
        client = json.loads(frontdesk("client", "show", json.loads(line)["client_id"], "--with-secret"))
        method = client["metadata"].get("token_endpoint_auth_method")
        if method in METHODS:
            clients.append(keycloak(client))
        else:
            left += 1
            print(f"{client['client_id']}: left out, since it authenticates with {method}", file=sys.stderr)
    json.dump({"ifResourceExists": "OVERWRITE", "clients": clients}, sys.stdout, indent=2, ensure_ascii=False)
    print()
    return 1 if left else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
