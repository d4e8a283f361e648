"""The MCP SDK for Python: its whole flow up to the authorization request, for a resource that is made up here."""

import asyncio

import httpx2
from mcp.client.auth import OAuthClientProvider
from mcp.shared.auth import OAuthClientMetadata
from steps import DOCUMENT, DOCUMENTS, OPEN, PROTECTED, run, same

RESOURCE = "https://resource.example/mcp"


class Storage:
    """Keeps what the client is told."""

    client = None

    async def get_tokens(self):
        return None

    async def set_tokens(self, tokens):
        raise AssertionError("there is nobody here to issue tokens")

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client_info):
        self.client = client_info


class Sent(Exception):
    """The user was sent to the authorization endpoint."""


async def redirect(url):
    raise Sent(url)


async def callback():
    raise AssertionError("nobody comes back")


def resource(issuer):
    """A resource that names the authorization server and wants a token of it. RFC 9728 §5.1."""

    def answer(request):
        if request.url.path.startswith("/.well-known/oauth-protected-resource"):
            return httpx2.Response(200, json={"resource": RESOURCE, "authorization_servers": [issuer]})
        place = "https://resource.example/.well-known/oauth-protected-resource/mcp"
        return httpx2.Response(401, headers={"WWW-Authenticate": f'Bearer resource_metadata="{place}"'})

    return httpx2.MockTransport(answer)


async def flow(issuer, document=None, **metadata):
    """Runs the flow until the user would be sent away; where to, and the client that was registered."""
    storage = Storage()
    asked = OAuthClientMetadata(redirect_uris=["http://localhost:3030/callback"], client_name="An MCP client", **metadata)
    provider = OAuthClientProvider(RESOURCE, asked, storage, redirect_handler=redirect, callback_handler=callback, client_metadata_url=document)
    mounts = {"https://resource.example": resource(issuer)}
    async with httpx2.AsyncClient(auth=provider, mounts=mounts) as client:
        try:
            await client.get(RESOURCE)
        except Sent as sent:
            return httpx2.URL(str(sent)), storage.client
    raise AssertionError("the user was not sent anywhere")


def checked(sent, client):
    same(str(sent.copy_with(query=None)), f"{OPEN}/oauth2/authorize")
    same(sent.params["client_id"], client.client_id)
    # Without a resource that names scopes, the client asks for all that the provider does.
    same(set(client.scope.split()), {"openid", "profile", "email", "address", "phone", "offline_access"})


def open_server(step):
    with step("the whole flow of a public client"):
        sent, client = asyncio.run(flow(OPEN, token_endpoint_auth_method="none"))
        checked(sent, client)
        same(client.client_secret, None)
    with step("the whole flow of a client that names no method"):
        sent, client = asyncio.run(flow(OPEN))
        checked(sent, client)
        same(client.token_endpoint_auth_method, "client_secret_basic")
        same(client.client_secret_expires_at, 0)


def documents_server(step):
    with step("registration where documents are closed"):
        sent, client = asyncio.run(flow(OPEN, document=DOCUMENT, token_endpoint_auth_method="none"))
        assert client.client_id != DOCUMENT, client.client_id
    with step("the document in place of a registration"):
        sent, client = asyncio.run(flow(DOCUMENTS, document=DOCUMENT, token_endpoint_auth_method="none"))
        same(str(sent.copy_with(query=None)), f"{DOCUMENTS}/authorize")
        same(sent.params["client_id"], DOCUMENT)
    with step("the authorization URL leads on, byte for byte"):
        answer = httpx2.get(sent, follow_redirects=False)
        same(answer.status_code, 302)
        same(answer.headers["location"], f"https://as.example.com/auth?{sent.query.decode()}")
        same(httpx2.get(httpx2.URL(DOCUMENT).join("/count")).json()["count"], 1)


def protected_server(step):
    with step("no token, no client"):
        try:
            asyncio.run(flow(PROTECTED))
        except Exception as refused:
            assert "401" in str(refused) and "invalid_token" in str(refused), refused
        else:
            raise AssertionError("the server did not refuse")


run("MCP SDK (Python)", {"open": open_server, "documents": documents_server, "protected": protected_server})
