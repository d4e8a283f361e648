"""The adapter inside a real Authlib authorization server on Flask, with a lookup in memory."""

import base64
import unittest
from urllib.parse import parse_qs, urlsplit

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc7636 import CodeChallenge, create_s256_code_challenge
from fake_lookup import CHECK, READ, FakeLookup
from flask import Flask
from frontdesk_authlib import FrontdeskClients

ISSUER = "https://login.example.com"
VERIFIER = "v" * 43
CLIENT = {
    "redirect_uris": ["https://wiki.example.com/cb"],
    "grant_types": ["authorization_code", "client_credentials"],
    "response_types": ["code"],
    "token_endpoint_auth_method": "client_secret_basic",
    "scope": "openid profile",
    "client_secret": "s1",
    "client_secret_expires_at": 0,
}


class Code(dict):
    def get_redirect_uri(self):
        return self["redirect_uri"]

    def get_scope(self):
        return self["scope"]

    @property
    def code_challenge(self):
        return self["challenge"]

    @property
    def code_challenge_method(self):
        return "S256"


def application(clients):
    codes = {}

    class AuthorizationCodeGrant(grants.AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post", "none"]

        def save_authorization_code(self, code, request):
            payload = request.payload
            codes[code] = Code(
                client=request.client.client_id,
                redirect_uri=payload.redirect_uri,
                scope=payload.scope,
                challenge=payload.data.get("code_challenge"),
            )

        def query_authorization_code(self, code, client):
            found = codes.get(code)
            return found if found and found["client"] == client.client_id else None

        def delete_authorization_code(self, authorization_code):
            codes.clear()

        def authenticate_user(self, authorization_code):
            return "alice"

    app = Flask(__name__)
    app.config["TESTING"] = True
    server = AuthorizationServer(app, query_client=clients.query_client, save_token=lambda _, request: clients.used(request.client.client_id))
    server.register_grant(grants.ClientCredentialsGrant)
    server.register_grant(AuthorizationCodeGrant, [CodeChallenge(required=True)])

    @app.get("/authorize")
    def authorize():
        try:
            grant = server.get_consent_grant(end_user="alice")
        except OAuth2Error as error:
            return dict(error.get_body()), error.status_code
        return server.create_authorization_response(grant=grant, grant_user="alice")

    @app.post("/token")
    def token():
        return server.create_token_response()

    return app.test_client()


class AuthlibServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lookup = FakeLookup(ISSUER)
        cls.addClassCleanup(cls.lookup.stop)

    def setUp(self):
        self.lookup.reset()
        self.lookup.clients["c1"] = dict(CLIENT)
        self.clients = FrontdeskClients(self.lookup.at, ISSUER, token=READ)
        self.app = application(self.clients)

    def token(self, secret="s1", client="c1", app=None, **form):
        basic = base64.b64encode(f"{client}:{secret}".encode()).decode()
        form = form or {"grant_type": "client_credentials", "scope": "profile email"}
        answer = (app or self.app).post("/token", data=form, headers={"Authorization": f"Basic {basic}"}, base_url=ISSUER)
        return answer.status_code, answer.json.get("error", answer.json.get("scope"))

    def authorize(self, **changed):
        query = {
            "response_type": "code",
            "client_id": "c1",
            "redirect_uri": "https://wiki.example.com/cb",
            "scope": "openid",
            "code_challenge": create_s256_code_challenge(VERIFIER),
            "code_challenge_method": "S256",
        }
        return self.app.get("/authorize", query_string=query | changed, base_url=ISSUER)

    def log_in(self, redirect_uri, **form):
        answer = self.authorize(redirect_uri=redirect_uri)
        self.assertEqual(answer.status_code, 302, answer.text)
        self.assertTrue(answer.location.startswith(f"{redirect_uri}?code="), answer.location)
        [code] = parse_qs(urlsplit(answer.location).query)["code"]
        return {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": VERIFIER, **form}

    def test_registered_client_logs_a_person_in(self):
        form = self.log_in("https://wiki.example.com/cb")
        self.assertEqual(self.token(**form), (200, "openid"))
        self.clients.flush()
        self.assertEqual(self.lookup.uses, [{"issuer": ISSUER, "client_ids": ["c1"]}])

    def test_public_native_client_has_any_port(self):
        redirect = "http://127.0.0.1:5555/cb"
        self.lookup.clients["c1"] |= {
            "application_type": "native",
            "redirect_uris": ["http://127.0.0.1/cb"],
            "token_endpoint_auth_method": "none",
            "frontdesk": {"allows": [redirect]},
        }
        del self.lookup.clients["c1"]["client_secret"]
        form = self.log_in(redirect, client_id="c1")
        answer = self.app.post("/token", data=form, base_url=ISSUER)
        self.assertEqual((answer.status_code, answer.json["scope"]), (200, "openid"))

    def test_other_redirect_uri_is_refused(self):
        answer = self.authorize(redirect_uri="https://evil.example/cb")
        self.assertEqual((answer.status_code, answer.json["error"]), (400, "invalid_request"))

    def test_new_secret_counts_at_the_next_request(self):
        self.assertEqual(self.token(), (200, "profile"))
        self.lookup.clients["c1"]["client_secret"] = "s2"
        self.assertEqual(self.token(), (401, "invalid_client"))
        self.assertEqual(self.token("s2"), (200, "profile"))

    def test_secret_is_checked_without_being_read(self):
        app = application(FrontdeskClients(self.lookup.at, ISSUER, token=CHECK))
        self.assertEqual(self.token(app=app), (200, "profile"))
        self.assertEqual(self.token("s2", app=app), (401, "invalid_client"))

    def test_unknown_and_deleted_clients_are_invalid(self):
        self.assertEqual(self.token(client="other"), (401, "invalid_client"))
        del self.lookup.clients["c1"]
        self.assertEqual(self.token(), (401, "invalid_client"))
        self.assertEqual(self.authorize().json["error"], "invalid_client")

    def test_disabled_client_is_unauthorized(self):
        self.lookup.clients["c1"] = {"status": 403, "body": {"error": "access_denied", "reason": "disabled"}}
        self.assertEqual(self.token(), (400, "unauthorized_client"))
        answer = self.authorize()
        self.assertEqual((answer.status_code, answer.json["error"]), (400, "unauthorized_client"))

    def test_lookup_that_is_down_is_503(self):
        self.assertEqual(self.token(), (200, "profile"))
        self.lookup.fault = (503, {"error": "temporarily_unavailable"})
        self.assertEqual(self.token(), (503, "temporarily_unavailable"))
        self.assertEqual(self.authorize().status_code, 503)
        self.lookup.fault = None
        self.assertEqual(self.token(), (200, "profile"))


if __name__ == "__main__":
    unittest.main()
