"""idpyoidc, untuned: it asks for much that the provider does not name. It has no option for an initial access token."""

import copy

from idpyoidc.client.defaults import DEFAULT_OIDC_SERVICES
from idpyoidc.client.rp_handler import RPHandler
from steps import OPEN, run, same

SERVICES = {
    "webfinger": {"class": "idpyoidc.client.oidc.webfinger.WebFinger"},
    **DEFAULT_OIDC_SERVICES,
    "registration_read": {"class": "idpyoidc.client.oidc.read_registration.RegistrationRead"},
}

CONFIG = {
    "client_type": "oidc",
    "client_name": "idpyoidc",
    "redirect_uris": ["https://rp.example/cb"],
    "contacts": ["ops@rp.example"],
}


def handler(**config):
    return RPHandler(base_url="https://rp.example", client_configs={"": {**CONFIG, **config}}, services=copy.deepcopy(SERVICES))


def done(response):
    """The response of a service, which is an error when it says so."""
    if "error" in response:
        raise AssertionError(response.to_dict())
    return response


def step_by_step(step):
    rp = handler().init_client("")
    with step("WebFinger of an account"):
        found = done(rp.do_request("webfinger", resource=f"acct:alice@{OPEN.removeprefix('https://')}"))
        same([link["href"] for link in found["links"]], [OPEN])
    with step("WebFinger of a URL"):
        done(rp.do_request("webfinger", resource=OPEN))
    with step("discovery and keys"):
        same(rp.do_provider_info(), OPEN)
        keys = rp.get_attribute("keyjar").get_issuer_keys(OPEN)
        same(sorted(key.alg for key in keys), sorted(rp.get_context().provider_info["id_token_signing_alg_values_supported"]))
    with step("registration"):
        rp.do_client_registration()
        answer = done(rp.get_context().registration_response)
        same(answer["redirect_uris"], CONFIG["redirect_uris"])
        same(rp.get_context().client_id, answer["client_id"])
    with step("read"):
        same(done(rp.do_request("registration_read")).to_dict(), answer.to_dict())


def at_once(step):
    with step("from an account to the authorization request"):
        begun = handler().begin(user_id=f"acct:alice@{OPEN.removeprefix('https://')}")
        assert str(begun).startswith(f"{OPEN}/oauth2/authorize?"), begun


def refusals(step):
    rp = handler(redirect_uris=["https://rp.example/cb#fragment"]).init_client(OPEN)
    with step("its code is understood"):
        rp.do_provider_info()
        refused = rp.do_request("registration")
        same(refused["error"], "invalid_redirect_uri")
        assert "fragment" in refused["error_description"], refused


run("idpyoidc", {"step by step": step_by_step, "at once": at_once, "refusal": refusals})
