"""pyoidc, the package `oic`. It sends an initial access token in base64. Update and delete go by its own HTTP request."""

import json

from oic.exception import RegistrationError
from oic.oic import Client
from oic.utils.authn.client import CLIENT_AUTHN_METHOD
from steps import OPEN, PROTECTED, TOKEN, refusal, run, same

ASKED = {"redirect_uris": ["https://rp.example/cb"], "client_name": "pyoidc", "response_types": ["code"]}


def discovered(step, issuer):
    client = Client(client_authn_method=CLIENT_AUTHN_METHOD)
    with step("WebFinger of an account"):
        same(client.discover(f"acct:alice@{issuer.removeprefix('https://')}"), issuer)
    with step("WebFinger of a URL"):
        same(client.discover(issuer), issuer)
    with step("discovery"):
        provider = client.provider_config(issuer)
        same(provider["registration_endpoint"], f"{issuer}/register")
    with step("keys"):
        client.keyjar[issuer][0].update()
        same(sorted(key.alg for key in client.keyjar[issuer][0].keys()), sorted(provider["id_token_signing_alg_values_supported"]))
    return client


def managed(step, client):
    answer = client.registration_response
    place = answer["registration_client_uri"]
    headers = {"Authorization": f"Bearer {answer['registration_access_token']}", "Content-Type": "application/json"}
    with step("read"):
        same(client.registration_read().to_dict(), answer.to_dict())
    with step("update"):
        asked = {**ASKED, "client_id": answer["client_id"], "client_secret": answer["client_secret"], "client_name": "Another name"}
        same(client.http_request(place, "PUT", data=json.dumps(asked), headers=headers).status_code, 200)
        same(client.registration_read()["client_name"], "Another name")
    with step("delete"):
        same(client.http_request(place, "DELETE", headers=headers).status_code, 204)
        gone = refusal(RegistrationError, client.registration_read)
        same(gone.args[0]["error"], "invalid_token")


def registered(step, client, **named):
    with step("registration"):
        answer = client.register(client.provider_info["registration_endpoint"], **named, **ASKED)
        for member, value in ASKED.items():
            same(answer[member], value)
        same(client.client_id, answer["client_id"])


def open_server(step):
    client = discovered(step, OPEN)
    registered(step, client)
    managed(step, client)
    with step("a refusal is understood"):
        bad = {**ASKED, "redirect_uris": ["https://rp.example/cb#fragment"]}
        refused = refusal(RegistrationError, client.register, client.provider_info["registration_endpoint"], **bad)
        same(refused.args[0]["error"], "invalid_redirect_uri")


def protected_server(step):
    client = discovered(step, PROTECTED)
    with step("no token, no client"):
        refused = refusal(RegistrationError, client.register, client.provider_info["registration_endpoint"], **ASKED)
        same(refused.args[0]["error"], "invalid_token")
    registered(step, client, registration_token=TOKEN)
    managed(step, client)


run("pyoidc", {"open": open_server, "protected": protected_server})
