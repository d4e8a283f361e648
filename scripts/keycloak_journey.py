"""A client's life beside a Keycloak, as docs/recipes/keycloak tells it: from a mail address to tokens, an update, and the end.

The realm has an account `alice` and a client `entered`, which is no copy. A line of output for each thing that was seen.
"""

import argparse
import base64
import hashlib
import html
import http.cookiejar
import json
import re
import secrets
import socket
import ssl
import subprocess
import urllib.error
import urllib.parse
import urllib.request

DOMAIN, ISSUER = "example.com", "https://login.example.com/realms/main"
PASSWORDS = {"username": "alice", "password": "wonderland"}


def must(so, sentence):
    if not so:
        raise SystemExit(f"keycloak: {sentence}")


def ok(sentence):
    print(f"ok {sentence}", flush=True)


class Stays(urllib.request.HTTPRedirectHandler):
    """Redirects are looked at, not followed."""

    def redirect_request(self, *_):
        return None


class Browser:
    """Keeps cookies, fills in forms."""

    def __init__(self, context):
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), cookies, Stays)

    def ask(self, url, body=None, method=None, **head):
        """Status, head and text of one answer."""
        if isinstance(body, dict):
            body = urllib.parse.urlencode(body).encode()
        request = urllib.request.Request(url, body, {name.replace("_", "-"): value for name, value in head.items()}, method=method)
        try:
            answer = self.opener.open(request, timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        return answer.status, answer.headers, answer.read().decode()

    def authorize(self, endpoint, redirect, **query):
        """From the authorization request to what the client is sent, and the pages on the way."""
        query = {"response_type": "code", "redirect_uri": redirect, "state": "state", "nonce": "nonce", **query}
        url, body, pages = f"{endpoint}?{urllib.parse.urlencode(query)}", None, []
        for _ in range(12):
            status, head, text = self.ask(url, body)
            if status in (302, 303):
                url, body = urllib.parse.urljoin(url, head["Location"]), None
                if url.startswith(redirect):
                    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query)), pages
                continue
            form = re.search(r'<form[^>]*action="([^"]+)"', text)
            if status != 200 or not form:
                return {"error": f"page {status}"}, pages
            url = urllib.parse.urljoin(url, html.unescape(form.group(1)))
            body = PASSWORDS if 'name="password"' in text else {"accept": "Yes"}
            pages.append("log-in" if body is PASSWORDS else "consent")
        return {"error": "no end"}, pages


class Client:
    """A registered client."""

    def __init__(self, browser, document, **metadata):
        self.browser, self.document = browser, document
        status, _, text = browser.ask(
            document["registration_endpoint"], json.dumps(metadata).encode(), Content_Type="application/json", Authorization=basic("admin", "correct-horse")
        )
        must(status == 201, f"registration is {status}: {text}")
        self.agreed = json.loads(text)
        self.name = self.agreed["client_id"]

    def manage(self, method, **metadata):
        body = json.dumps({"client_id": self.name, **metadata}).encode() if metadata else None
        token = f"Bearer {self.agreed['registration_access_token']}"
        status, _, text = self.browser.ask(self.agreed["registration_client_uri"], body, method, Content_Type="application/json", Authorization=token)
        must(status in (200, 204), f"{method} is {status}: {text}")

    def token(self, **form):
        """What the token endpoint says."""
        head = {}
        if "client_secret" in self.agreed:
            head["Authorization"] = basic(self.name, self.agreed["client_secret"])
        else:
            form["client_id"] = self.name
        status, _, text = self.browser.ask(self.document["token_endpoint"], form, **head)
        return {"status": status, **json.loads(text)}

    def log_in(self, browser, redirect, scope="openid", verifier=None):
        """Tokens, and the pages somebody saw before."""
        query = {"client_id": self.name, "scope": scope}
        if verifier:
            digest = hashlib.sha256(verifier.encode()).digest()
            query |= {"code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(), "code_challenge_method": "S256"}
        sent, pages = browser.authorize(self.document["authorization_endpoint"], redirect, **query)
        if "code" not in sent:
            return sent, pages
        must(sent["iss"] == ISSUER and sent["state"] == "state", f"the client was sent {sent}")
        more = {"code_verifier": verifier} if verifier else {}
        return self.token(grant_type="authorization_code", code=sent["code"], redirect_uri=redirect, **more), pages


def basic(name, secret):
    both = f"{urllib.parse.quote(name, '')}:{urllib.parse.quote(secret, '')}"
    return f"Basic {base64.b64encode(both.encode()).decode()}"


def claims(token):
    """The head and the claims of a JWT, whose signature is not looked at."""
    return [json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2]]


def signed(token, document, browser):
    """Whether the key that the document leads to signed it, by openssl."""
    head, _ = claims(token)
    keys = json.loads(browser.ask(document["jwks_uri"])[2])["keys"]
    key = next(key for key in keys if key["kid"] == head["kid"])
    with open("signer.pem", "w", encoding="ascii") as file:
        file.write(f"-----BEGIN CERTIFICATE-----\n{key['x5c'][0]}\n-----END CERTIFICATE-----\n")
    text, _, signature = token.rpartition(".")
    with open("signature", "wb") as file:
        file.write(base64.urlsafe_b64decode(signature + "=="))
    with open("signer.pub", "wb") as file:
        file.write(subprocess.run(["openssl", "x509", "-in", "signer.pem", "-noout", "-pubkey"], check=True, stdout=subprocess.PIPE).stdout)
    verify = ["openssl", "dgst", "-sha256", "-verify", "signer.pub", "-signature", "signature"]
    return subprocess.run(verify, input=text.encode(), stdout=subprocess.PIPE, check=False).returncode == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True, help="where the hosts' port 443 is")
    parser.add_argument("--authority", required=True)
    parser.add_argument("--copy", required=True, help="the page's command that copies")
    arguments = parser.parse_args()
    resolved = socket.getaddrinfo

    def here(host, port, *more, **named):
        ours = host in (DOMAIN, urllib.parse.urlsplit(ISSUER).hostname)
        return resolved("127.0.0.1", arguments.port, *more, **named) if ours else resolved(host, port, *more, **named)

    socket.getaddrinfo = here
    context = ssl.create_default_context(cafile=arguments.authority)

    def copy():
        done = subprocess.run(["bash", "-euo", "pipefail", arguments.copy], capture_output=True, text=True, check=False)
        must(done.returncode == 0 and not done.stderr, f"the copy ended with {done.returncode}: {done.stderr}")
        return done.stdout.strip()

    anybody = Browser(context)
    found = json.loads(anybody.ask(f"https://{DOMAIN}/.well-known/webfinger?resource=acct:alice@{DOMAIN}")[2])
    must(found["links"][0]["href"] == ISSUER, f"WebFinger said {found}")
    document = json.loads(anybody.ask(f"{ISSUER}/.well-known/openid-configuration")[2])
    must(document["issuer"] == ISSUER, f"the document's issuer is {document['issuer']}")
    ok("a mail address leads to the realm's issuer and its document")
    past = anybody.ask(f"{ISSUER}/clients-registrations/openid-connect", b"{}", Content_Type="application/json")[0]
    theirs = json.loads(anybody.ask(f"{ISSUER}/.well-known/uma2-configuration")[2])
    must((past, theirs["issuer"]) == (403, ISSUER), f"past Frontdesk: {past}, {theirs}")
    ok("nobody registers past Frontdesk, and Keycloak's other documents are Keycloak's")

    wiki_uri, tool_uri, shop_uri = "https://wiki.example.com/callback", "http://127.0.0.1/callback", "https://shop.example.com/callback"
    both = ["authorization_code", "refresh_token"]
    wiki = Client(anybody, document, client_name="Wiki", redirect_uris=[wiki_uri], grant_types=both, scope="openid profile")
    tool = Client(anybody, document, client_name="Tool", redirect_uris=[tool_uri], token_endpoint_auth_method="none")
    shop = Client(anybody, document, client_name="Shop", redirect_uris=[shop_uri], id_token_signed_response_alg="ES256")
    job = Client(anybody, document, client_name="Job", grant_types=["client_credentials"])
    must(wiki.log_in(Browser(context), wiki_uri)[0] == {"error": "page 400"}, "a client is there before it was copied")
    said = copy()
    must(said == "4 made, 0 changed, 0 deleted", f"the first copy said {said}")
    must(copy() == "", "the second copy had something to do")
    ok("four clients registered themselves and were copied, once")

    alice = Browser(context)
    tokens, pages = wiki.log_in(alice, wiki_uri, "openid profile")
    must(pages == ["log-in", "consent"], f"alice saw {pages}")
    _, said = claims(tokens["id_token"])
    kept = (said["iss"], said["aud"], said["nonce"], said["preferred_username"], "email" in said, tokens["scope"])
    must(kept == (ISSUER, wiki.name, "nonce", "alice", False, "openid profile"), f"the ID Token says {said}, {tokens['scope']}")
    must(signed(tokens["id_token"], document, anybody), "the ID Token is not signed with a key of the document's jwks_uri")
    status, _, text = anybody.ask(document["userinfo_endpoint"], Authorization=f"Bearer {tokens['access_token']}")
    must((status, json.loads(text)["sub"]) == (200, said["sub"]), f"userinfo is {status}: {text}")
    ok("alice logs in at one, and its tokens are the document's issuer's, for the scopes that were agreed")
    refused, _ = wiki.log_in(alice, wiki_uri, "openid email")
    must(refused.get("error") == "invalid_scope", f"a scope that was not agreed gave {refused}")
    wrong, _ = wiki.log_in(alice, "https://wiki.example.com/other")
    must(wrong == {"error": "page 400"}, f"a redirect URI that was not agreed gave {wrong}")
    ok("a scope or a redirect URI that was not agreed is refused")
    with_port = tool_uri.replace("127.0.0.1", "127.0.0.1:50999")
    bare, _ = tool.log_in(alice, with_port)
    must(bare.get("error") == "invalid_request", f"a client without a secret and without PKCE gave {bare}")
    native, _ = tool.log_in(alice, with_port, verifier=secrets.token_urlsafe(40))
    must(native["status"] == 200 and "refresh_token" not in native, f"a client without a secret got {native}")
    ok("a client without a secret needs PKCE, and may use any port of this machine (RFC 8252 §7.3)")
    head, _ = claims(shop.log_in(alice, shop_uri)[0]["id_token"])
    must(head["alg"] == "ES256", f"the ID Token is signed with {head['alg']}")
    must(job.token(grant_type="client_credentials")["status"] == 200, "client credentials are refused")
    must(shop.token(grant_type="client_credentials")["error"] == "unauthorized_client", "a grant that was not agreed is not refused")
    ok("another gets the algorithm it asked for, a third a token of its own, and no other grant")

    moved = "https://wiki.example.com/moved"
    wiki.manage("PUT", client_name="Wiki", redirect_uris=[moved], grant_types=both, scope="openid email")
    shop.manage("DELETE")
    said = copy()
    must(said == "0 made, 1 changed, 1 deleted", f"the copy said {said}")
    refreshed = wiki.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    must(refreshed["status"] == 200, f"after an update a refresh token gave {refreshed}")
    again, pages = wiki.log_in(alice, moved, "openid email")
    must(again["scope"] == "openid email" and "log-in" not in pages, f"after an update alice saw {pages} and got {again}")
    must(wiki.log_in(alice, wiki_uri)[0] == {"error": "page 400"}, "the old redirect URI is good still")
    must(shop.log_in(alice, shop_uri)[0] == {"error": "page 400"}, "a deleted client is there still")
    wiki.manage("PUT", client_name="Wiki", redirect_uris=[moved], grant_types=both)
    must(copy() == "0 made, 1 changed, 0 deleted", "an update without scopes was not copied")
    plain, _ = wiki.log_in(alice, moved, "openid profile email phone")
    must(sorted(plain["scope"].split()) == ["email", "openid", "phone", "profile"], f"whoever named no scope got {plain['scope']}")
    ok("an update is copied, its people stay logged in; who was deleted is gone")
    entered, _ = alice.authorize(document["authorization_endpoint"], "https://entered.example.com/callback", client_id="entered", scope="openid")
    must("code" in entered, f"the client that an administrator entered gave {entered}")
    ok("a client that an administrator entered is as it was")


main()
