"""Finds clients as a server with Authlib does. A line of JSON for each line with an identifier, a redirect URI and a purpose, if any."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.environ["FRONTDESK_SOURCE"], "adapters", "authlib", "src"))

from frontdesk_authlib import FrontdeskClients  # noqa: E402

at, issuer, token_file = sys.argv[1:]
purposes = [None]
clients = FrontdeskClients(at, issuer, token_file=token_file, purpose=lambda: purposes[0])
for line in sys.stdin:
    client_id, redirect_uri, *asked = line.split()
    purposes[0] = asked[0] if asked else None
    try:
        client = clients.query_client(client_id)
        found = client and {"redirect": client.check_redirect_uri(redirect_uri)}
    except Exception as error:  # The name of the exception is what a server decides by.
        found = {"error": type(error).__name__}
    print(json.dumps({"client": found}), flush=True)
