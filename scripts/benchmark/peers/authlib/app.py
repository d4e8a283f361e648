"""Registration by Authlib on Flask, with the memory an application would give it: SQLite, each client in a durable transaction."""

import hashlib
import hmac
import json
import os
import secrets
import sqlite3

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc7591 import ClientMetadataClaims, ClientRegistrationEndpoint
from authlib.oauth2.rfc7592 import ClientConfigurationEndpoint
from authlib.oidc.registration import ClientMetadataClaims as OpenIDClaims
from flask import Flask, request

CLAIMS = [ClientMetadataClaims, OpenIDClaims]
ISSUER = os.environ["ISSUER"]
DOCUMENT = {
    "issuer": ISSUER,
    "authorization_endpoint": ISSUER + "/authorize",
    "token_endpoint": ISSUER + "/token",
    "jwks_uri": ISSUER + "/jwks",
    "registration_endpoint": ISSUER + "/register",
    "scopes_supported": ["openid", "profile", "email", "address", "phone"],
    "response_types_supported": ["code", "id_token", "id_token token"],
    "grant_types_supported": ["authorization_code", "implicit", "refresh_token"],
    "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
    "subject_types_supported": ["public", "pairwise"],
    "id_token_signing_alg_values_supported": ["RS256", "ES256"],
}

database = sqlite3.connect(os.environ["STORE"], check_same_thread=False, isolation_level=None)
database.executescript("""
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE client (client_id TEXT PRIMARY KEY, token_digest TEXT NOT NULL, body TEXT NOT NULL);
""")


def digest(token):
    return hashlib.sha256(token.encode()).hexdigest()


class Client:
    def __init__(self, body):
        self.client_info, self.client_metadata = {}, body

    def get_client_id(self):
        return self.client_metadata["client_id"]


class Registration(ClientRegistrationEndpoint):
    def __init__(self, server):
        super().__init__(server, CLAIMS)

    def authenticate_token(self, _):
        return "open"

    def get_server_metadata(self):
        return DOCUMENT

    def save_client(self, client_info, client_metadata, _):
        token = secrets.token_urlsafe(32)
        client = Client({**client_info, **client_metadata})
        row = (client.get_client_id(), digest(token), json.dumps(client.client_metadata))
        database.execute("INSERT INTO client VALUES (?, ?, ?)", row)
        client.token = token
        return client

    def generate_client_registration_info(self, client, _):
        return management(client.get_client_id(), client.token)


class Configuration(ClientConfigurationEndpoint):
    def authenticate_token(self, asked):
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        client_id = request.view_args["client_id"]
        row = database.execute("SELECT token_digest, body FROM client WHERE client_id = ?", (client_id,)).fetchone()
        if not row or not hmac.compare_digest(row[0], digest(token)):
            return None
        asked.client = Client(json.loads(row[1]))
        return Token(client_id, token)

    def authenticate_client(self, asked):
        return asked.client

    def check_permission(self, client, asked):
        return True

    def generate_client_registration_info(self, client, asked):
        return management(client.get_client_id(), asked.credential.token)


class Token:
    def __init__(self, client_id, token):
        self.client_id, self.token = client_id, token

    def check_client(self, client):
        return client.get_client_id() == self.client_id


def management(client_id, token):
    return {"registration_access_token": token, "registration_client_uri": f"{ISSUER}/register/{client_id}"}


app = Flask(__name__)
server = AuthorizationServer(app, query_client=lambda _: None, save_token=lambda *_: None)
server.register_endpoint(Registration)
server.register_endpoint(Configuration)


@app.get("/.well-known/openid-configuration")
def discovery():
    return DOCUMENT


@app.post("/register")
def register():
    return server.create_endpoint_response(Registration.ENDPOINT_NAME)


@app.get("/register/<client_id>")
def read(client_id):
    return server.create_endpoint_response(Configuration.ENDPOINT_NAME)
