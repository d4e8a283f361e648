"""What the OpenID Foundation's suite asserts of a provider's document, of its keys and of a registration, warnings included.

No client of anybody's, but the same conditions: modules oidcc-discovery-endpoint-verification (for dynamic clients) and
what every module does first and last when it registers a client of its own.
"""

import base64
import re
from urllib.parse import urlsplit

import requests
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oidc.discovery import OpenIDProviderMetadata
from joserfc.jwk import KeySet, RSAKey
from steps import OPEN, run, same

URL = f"{OPEN}/.well-known/openid-configuration"
ANSWER = requests.get(URL, allow_redirects=False, timeout=30)
DOCUMENT = ANSWER.json()
JWKS = requests.get(DOCUMENT["jwks_uri"], allow_redirects=False, timeout=30)
KEYS = JWKS.json()["keys"]

KNOWN = {*OpenIDProviderMetadata.REGISTRY_KEYS, *AuthorizationServerMetadata.REGISTRY_KEYS, "userinfo_endpoint", "signed_metadata"}
PUBLIC = {"RSA": ["n", "e"], "EC": ["crv", "x", "y"], "OKP": ["crv", "x"]}
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


def media_type(answer):
    return answer.headers["content-type"].split(";")[0]


def https(url):
    parts = urlsplit(url)
    return parts.scheme == "https" and bool(parts.hostname) and parts.username is None and parts.port != 0


def shaped(member, value):
    """Whether a member has the type its name says."""
    if member.endswith("_parameter_supported") or member == "require_request_uri_registration":
        return isinstance(value, bool)
    if member.endswith("_supported"):
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    return isinstance(value, str)


def unpadded(text):
    return re.fullmatch(r"[A-Za-z0-9_-]+", text) and base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def values(member):
    return DOCUMENT.get(member, [])


def response_types():
    return {frozenset(one.split()) for one in values("response_types_supported")}


DISCOVERY = {
    "status 200, without a redirect": lambda: ANSWER.status_code == 200,
    "media type application/json": lambda: media_type(ANSWER) == "application/json",
    "one JSON object": lambda: isinstance(DOCUMENT, dict),
    "response types code, id_token and id_token token": lambda: response_types() >= {
        frozenset(["code"]), frozenset(["id_token"]), frozenset(["id_token", "token"])
    },
    "issuer and its URL belong together": lambda: f"{DOCUMENT['issuer']}/.well-known/openid-configuration" == URL,
    "issuer is https, without query and fragment": lambda: https(OPEN) and not re.search(r"[?#]", DOCUMENT["issuer"]),
    "every member has its type": lambda: all(shaped(*one) for one in DOCUMENT.items()),
    "no unknown member": lambda: set(DOCUMENT) <= KNOWN,
    "a subject type": lambda: {"public", "pairwise"} & set(values("subject_types_supported")),
    "RS256 for ID Tokens": lambda: "RS256" in values("id_token_signing_alg_values_supported"),
    "the endpoints are there": lambda: all(
        f"{name}_endpoint" in DOCUMENT for name in ["authorization", "token", "userinfo", "registration"]
    ),
    "every endpoint is an https URL": lambda: all(https(DOCUMENT[name]) for name in DOCUMENT if name.endswith("_endpoint")),
    "RS256 for request objects, if any": lambda: "RS256" in DOCUMENT.get("request_object_signing_alg_values_supported", ["RS256"]),
    "claims": lambda: values("claims_supported"),
    "grant types authorization_code and implicit": lambda: {"authorization_code", "implicit"} <= set(values("grant_types_supported")),
    "scope openid": lambda: "openid" in values("scopes_supported"),
    "every scope is a scope token": lambda: all(re.fullmatch(r"[!#-\[\]-~]+", one) for one in values("scopes_supported")),
    "PKCE by S256 or plain": lambda: {"S256", "plain"} & set(DOCUMENT.get("code_challenge_methods_supported", ["S256"])),
}

KEY_SET = {
    "jwks_uri is https and answers": lambda: https(DOCUMENT["jwks_uri"]) and JWKS.status_code == 200,
    "keys of known types with their members": lambda: all(set(PUBLIC[key["kty"]]) <= set(key) for key in KEYS),
    "unpadded base64url": lambda: all(unpadded(key[name]) for key in KEYS for name in PUBLIC[key["kty"]] if name != "crv"),
    "no secret member": lambda: not any(PRIVATE & set(key) for key in KEYS),
    "keys that parse": lambda: KeySet.import_key_set(JWKS.json()),
    "a kid for each, none twice": lambda: len({key["kid"].strip() or None for key in KEYS} - {None}) == len(KEYS) > 0,
}


def each(checks):
    def journey(step):
        for what, check in checks.items():
            with step(what):
                assert check(), "it is not so"

    return journey


def registration(step):
    with step("the suite's own request"):
        asked = {
            "client_name": "Conformance",
            "grant_types": ["authorization_code", "implicit"],
            "jwks": {"keys": [RSAKey.generate_key(2048, {"use": "sig", "kid": "mine"}, private=False).as_dict()]},
            "token_endpoint_auth_method": "client_secret_basic",
            "response_types": ["id_token token"],
            "redirect_uris": ["https://suite.example/cb"],
            "contacts": ["suite@rp.example"],
        }
        answer = requests.post(DOCUMENT["registration_endpoint"], json=asked, timeout=30)
        same((answer.status_code, media_type(answer)), (201, "application/json"))
    client = answer.json()
    with step("a client without an error"):
        assert "error" not in client and isinstance(client["client_id"], str), client
    with step("both of the management members"):
        assert https(client["registration_client_uri"]) and client["registration_access_token"], client
    with step("a secret and when it expires, a number"):
        assert client["client_secret"] and type(client["client_secret_expires_at"]) is int, client
    bearer = {"Authorization": f"Bearer {client['registration_access_token']}"}
    with step("deletion answers 204"):
        same(requests.delete(client["registration_client_uri"], headers=bearer, timeout=30).status_code, 204)
    with step("a deleted client is 401"):
        same(requests.get(client["registration_client_uri"], headers=bearer, timeout=30).status_code, 401)

    asked["redirect_uris"] = ["https://suite.example/cb#fragment"]
    for what, change, codes in [
        ("a redirect URI with a fragment", {}, ["invalid_redirect_uri", "invalid_client_metadata"]),
        ("http to begin a login", {"initiate_login_uri": "http://suite.example/login"}, ["invalid_client_metadata"]),
        ("a sector that is not there", {"sector_identifier_uri": "https://sector.invalid/"}, ["invalid_client_metadata"]),
    ]:
        with step(f"refused: {what}"):
            redirect = asked["redirect_uris"] if not change else ["https://suite.example/cb"]
            answer = requests.post(DOCUMENT["registration_endpoint"], json={**asked, **change, "redirect_uris": redirect}, timeout=30)
            same((answer.status_code, media_type(answer)), (400, "application/json"))
            assert answer.json()["error"] in codes, answer.text


run("conformance", {"discovery": each(DISCOVERY), "keys": each(KEY_SET), "registration": registration})
