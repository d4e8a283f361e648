"""Authlib's models of the documents and of client metadata, over its own session, which shows a bearer token."""

from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7591 import ClientMetadataClaims
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url
from authlib.oidc.discovery import OpenIDProviderMetadata
from authlib.oidc.discovery import get_well_known_url as openid_well_known_url
from authlib.oidc.registration import ClientMetadataClaims as OpenIDClientMetadataClaims
from joserfc.jwk import KeySet
from steps import OPEN, PROTECTED, TOKEN, run, same

ASKED = {
    "redirect_uris": ["https://rp.example/cb"],
    "client_name": "Authlib",
    "client_uri": "https://rp.example/",
    "grant_types": ["authorization_code", "refresh_token"],
    "scope": "openid profile",
    "subject_type": "pairwise",
}


def bearer(token):
    return OAuth2Session(token={"access_token": token, "token_type": "Bearer"})


def document(step, issuer):
    anybody = OAuth2Session()
    with step("the OpenID document is valid"):
        answer = anybody.get(openid_well_known_url(issuer, external=True), withhold_token=True)
        provider = OpenIDProviderMetadata(answer.json())
        provider.validate()
    with step("the RFC 8414 document is valid"):
        answer = anybody.get(get_well_known_url(issuer, external=True), withhold_token=True)
        server = AuthorizationServerMetadata(answer.json())
        server.validate()
        same(dict(server), dict(provider))
    with step("the keys are valid"):
        keys = KeySet.import_key_set(anybody.get(provider["jwks_uri"], withhold_token=True).json())
        same([key.alg for key in keys.keys], provider["id_token_signing_alg_values_supported"])
        same([key.is_private for key in keys.keys], [False, False])
    return provider


def valid(client, provider):
    """What was agreed is what Authlib's own registration endpoint would agree to."""
    for claims in (ClientMetadataClaims, OpenIDClientMetadataClaims):
        claims(client, {}, claims.get_claims_options(provider)).validate()


def journey(step, issuer, session, **named):
    provider = document(step, issuer)
    with step("registration"):
        answer = session.post(provider["registration_endpoint"], json=ASKED, **named)
        same(answer.status_code, 201)
        client = answer.json()
        valid(client, provider)
        for member, value in ASKED.items():
            same(client[member], value)
    manager, place = bearer(client["registration_access_token"]), client["registration_client_uri"]
    with step("read"):
        same(manager.get(place).json(), client)
    with step("update"):
        asked = {**ASKED, "client_id": client["client_id"], "client_secret": client["client_secret"], "client_name": "Another name"}
        updated = manager.put(place, json=asked).json()
        valid(updated, provider)
        same(updated, {**client, "client_name": "Another name"})
    with step("delete"):
        same(manager.delete(place).status_code, 204)
        same(manager.get(place).status_code, 401)


def open_server(step):
    journey(step, OPEN, OAuth2Session(), withhold_token=True)


def protected_server(step):
    journey(step, PROTECTED, bearer(TOKEN))


run("Authlib", {"open": open_server, "protected": protected_server})
