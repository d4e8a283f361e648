"""The types as a server uses them; it is checked and never run."""

from pathlib import Path

from frontdesk_authlib import FrontdeskClient, FrontdeskClients

clients = FrontdeskClients("https://127.0.0.1:9445", "https://login.example.com", token_file=Path("token"), timeout=1, keep=10)
client: FrontdeskClient | None = clients.query_client("c1")
if client is not None:
    may: bool = client.check_redirect_uri("https://rp.example/cb")
    scope: str = client.get_allowed_scope(None)
clients.used("c1")
clients.flush()
