#!/usr/bin/env python3
"""Turns the clients of a WSO2 Identity Server 5.3.0 into lines for `frontdesk client import`.

Reads its table IDN_OAUTH_CONSUMER_APPS as CSV with a first line of column names. Identifiers, secrets, owners and names stay what
they are. What cannot be carried is named on standard error, and the exit code is 1 if a client was left out.
"""

import argparse
import base64
import csv
import hashlib
import json
import os
import re
import sys
from urllib.parse import urlsplit

COLUMNS = ["CONSUMER_KEY", "CONSUMER_SECRET", "USERNAME", "TENANT_ID", "APP_NAME", "OAUTH_VERSION", "CALLBACK_URL", "GRANT_TYPES", "APP_STATE"]

# How databases write nothing into CSV.
NOTHING = ["NULL", "\\N"]

# What its console and its DCR write into the table, and what its web service takes as it comes.
OAUTH_2 = ["OAuth-2.0", "2.0", ""]

# What an account here can be called.
ACCOUNT = re.compile(r"[A-Za-z0-9._-]{1,64}")

# The tenant of a server that has no others.
SUPER_TENANT = "-1234"

# What 5.3.0 calls grants and OAuth knows; its others, such as iwa:ntlm, are its own.
STANDARD = ["authorization_code", "implicit", "password", "client_credentials", "refresh_token"]


def metadata(row, told):
    """What was agreed with the client, as Frontdesk keeps it."""
    named = row["GRANT_TYPES"].split() or ["authorization_code"]
    grants = [grant for grant in named if grant in STANDARD or grant.startswith("urn:ietf:params:oauth:grant-type:")]
    for grant in named:
        if grant not in grants:
            told(f"the grant {grant} is left out")
    responses = ["code"] if "authorization_code" in grants else []
    responses += ["id_token", "id_token token", "token"] if "implicit" in grants else []
    agreed = {}
    callback = row["CALLBACK_URL"].strip()
    native = False
    if callback:
        agreed["redirect_uris"] = [callback]
        split = urlsplit(callback.removeprefix("regexp="))
        native = split.scheme == "http" and split.hostname in ("localhost", "127.0.0.1", "::1")
        native = native or (split.scheme not in ("http", "https", "") and not callback.startswith("regexp="))
    agreed["token_endpoint_auth_method"] = "client_secret_basic" if row["CONSUMER_SECRET"] else "none"
    agreed["grant_types"] = grants
    agreed["response_types"] = responses
    agreed["application_type"] = "native" if native else "web"
    agreed["client_name"] = row["APP_NAME"]
    agreed["id_token_signed_response_alg"] = "RS256"
    agreed["require_auth_time"] = False
    return json.dumps(agreed, ensure_ascii=False, separators=(",", ":"))


def line(row, issuers, issued_at, told):
    """A client's line, or nothing when it is no client of this century."""
    if row["OAUTH_VERSION"] not in OAUTH_2:
        return told(f"left out: it is a client of {row['OAUTH_VERSION']}")
    if row["APP_STATE"] not in ("", "ACTIVE"):
        return told(f"left out: its state is {row['APP_STATE']}")
    issuer = issuers.get(row["TENANT_ID"])
    if issuer is None:
        return told(f"left out: name the issuer of its tenant with --tenant {row['TENANT_ID']}=ISSUER")
    owner = row["USERNAME"]
    # A name is one of its user store: who has it in another is somebody else, and accounts here have no stores.
    if owner and row.get("USER_DOMAIN", "").upper() not in ("", "PRIMARY"):
        told(f"is carried without an owner: {owner} is a name of the user store {row['USER_DOMAIN']}")
        owner = ""
    if owner and not ACCOUNT.fullmatch(owner):
        told(f"is carried without an owner: {owner} cannot be the name of an account")
        owner = ""
    # No registration access token: SHA-256 of nothing anybody knows. `frontdesk client reissue` gives one.
    nobody = hashlib.sha512(f"{row['CONSUMER_KEY']}\n{row['CONSUMER_SECRET']}".encode()).digest()[:32]
    carried = {
        "client_id": row["CONSUMER_KEY"],
        "provider": issuer,
        "metadata": metadata(row, told),
        "token_digest": base64.urlsafe_b64encode(nobody).rstrip(b"=").decode(),
        "issued_at": issued_at,
        "secret_expires_at": None,
        "expires_at": None,
        "revision": 1,
        "owner": owner or None,
        # What an old client shows as applicationName when it unregisters.
        "composed_name": row["APP_NAME"] if owner else None,
        "terms": None,
    }
    if row["CONSUMER_SECRET"]:
        carried["client_secret"] = row["CONSUMER_SECRET"]
    return json.dumps(carried, ensure_ascii=False, separators=(",", ":"))


def tenant(text):
    number, _, issuer = text.partition("=")
    if not issuer:
        raise argparse.ArgumentTypeError("it must be NUMBER=ISSUER, such as 1=https://login.example.com/t/acme")
    return number, issuer


def main():
    parser = argparse.ArgumentParser(description="Clients of WSO2 Identity Server 5.3.0 for `frontdesk client import`.")
    parser.add_argument("--issuer", required=True, help="the provider they belong to from now on")
    parser.add_argument("--tenant", type=tenant, action="append", default=[], metavar="NUMBER=ISSUER", help="a tenant's own provider")
    parser.add_argument("file", help="the table as CSV")
    arguments = parser.parse_args()
    issuers = {SUPER_TENANT: arguments.issuer, **dict(arguments.tenant)}
    # The table does not say when a client registered; the same file gives the same lines.
    issued_at = int(os.stat(arguments.file).st_mtime)
    carried = left = 0
    with open(arguments.file, encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in COLUMNS if name not in [(head or "").upper() for head in reader.fieldnames or []]]
        if missing:
            sys.exit(f"{arguments.file} has no column {', '.join(missing)}")
        for found in reader:
            plain = {(name or "").upper(): value or "" for name, value in found.items() if not isinstance(value, list)}
            row = {name: "" if value in NOTHING else value for name, value in plain.items()}

            def told(what, key=row["CONSUMER_KEY"]):
                print(f"{key}: {what}", file=sys.stderr)

            text = line(row, issuers, issued_at, told)
            if text is None:
                left += 1
            else:
                carried += 1
                print(text)
    print(f"{carried} carried, {left} left out", file=sys.stderr)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
