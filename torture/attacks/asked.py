"""Requests as bytes, and the addresses of this machine that send them."""

import base64
import json

from torture.ledger import metadata

OBSERVER = "127.200.0.1"
"""The address of the client whose latency is measured."""

ADMINISTRATOR, PASSWORD = "admin", "correct horse battery staple"
"""The account that an attacked service starts with."""


def addresses(count, network=1):
    """Returns that many addresses of 127.0.0.0/8, in a network of their own."""
    return [f"127.{network}.{number // 250}.{number % 250 + 1}" for number in range(count)]


def basic(name, password):
    """Returns the value of an Authorization field (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def request(method, path, body=None, authorization=None, fields=()):
    """Returns a request with its body, on a connection that is kept."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *fields]
    if authorization:
        lines.append(f"Authorization: {authorization}")
    text = b""
    if body is not None:
        text = json.dumps(body).encode()
        lines += ["Content-Type: application/json", f"Content-Length: {len(text)}"]
    return "\r\n".join([*lines, "", ""]).encode() + text


def registration(tag, authorization=None, **members):
    """Returns the registration of a client."""
    return request("POST", "/register", {**metadata(tag), **members}, authorization)


def update(client, tag, **members):
    """Returns the update of a client, as a 201 showed it."""
    body = {"client_id": client["client_id"], **metadata(tag), **members}
    return request("PUT", path(client), body, "Bearer " + client["registration_access_token"])


def deletion(client):
    """Returns the deletion of a client, as a 201 showed it."""
    return request("DELETE", path(client), None, "Bearer " + client["registration_access_token"])


def path(client):
    """Returns the path of the client configuration endpoint."""
    return f"/register/{client['client_id']}"
