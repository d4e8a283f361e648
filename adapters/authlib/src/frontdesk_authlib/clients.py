"""The clients of one issuer, with the last answer about each kept for its ETag."""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import requests

from .client import FrontdeskClient
from .errors import ClientDisabled, ClientRefused, LookupUnavailable

USES_PER_REPORT = 1000
"""The maximum number of identifiers in one report of uses."""

MAX_WAITING = 100_000
"""The maximum number of identifiers that wait for a report; further uses are dropped."""


@dataclass(frozen=True)
class _Kept:
    etag: str
    answer: Mapping[str, Any]
    fresh_until: float


class FrontdeskClients:
    """Looks clients up at Frontdesk. One object serves all threads."""

    def __init__(
        self,
        at: str,
        issuer: str,
        *,
        token: str | None = None,
        token_file: str | Path | None = None,
        timeout: float = 2.0,
        keep: int = 1000,
        session: requests.Session | None = None,
        purpose: Callable[[], str | None] | None = None,
    ) -> None:
        """
        :param at: the address of the lookup, such as `https://127.0.0.1:9445`
        :param issuer: the issuer, byte for byte as Frontdesk has it
        :param token: a lookup token, or `token_file`, which is read at each request
        :param timeout: the time in seconds to connect, and to wait for the next bytes
        :param keep: the maximum number of clients whose last answer is kept
        :param session: a session with a certificate authority or a pool of your own
        :param purpose: returns `authorize` while an authorization request is handled
        """
        if not at or not issuer:
            raise ValueError("at and issuer are required")
        if (token is None) == (token_file is None):
            raise ValueError("one of token and token_file is required")
        if timeout <= 0 or keep < 0:
            raise ValueError("timeout must be more than 0, and keep at least 0")
        self._at = at.rstrip("/")
        self._issuer = issuer
        self._token = token
        self._token_file = None if token_file is None else Path(token_file)
        self._timeout = timeout
        self._keep = keep
        self._session = session or requests.Session()
        self._purpose = purpose
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._used: dict[str, None] = {}

    def query_client(self, client_id: str) -> FrontdeskClient | None:
        """Returns the client, or None if there is none (any more): for Authlib's `AuthorizationServer(app, query_client=…)`.

        Raises ClientDisabled if it may not be used now, ClientRefused if its document is refused, and LookupUnavailable if the lookup gives no answer about it.
        """
        with self._lock:
            kept = self._kept.get(client_id)
        if kept is None or time.monotonic() >= kept.fresh_until:
            kept = self._ask(client_id, kept)
        if kept is None:
            return None
        self._remember(client_id, kept)
        return FrontdeskClient(self, client_id, kept.answer)

    def allows_redirect(self, client_id: str, redirect_uri: str) -> bool:
        """Returns True if the client may use the redirect URI, by the lookup's own rules."""
        response = self._request("GET", "/clients", params=self._query(client_id) | {"redirect_uri": redirect_uri})
        if response.status_code != 200:
            return _refuse(response)
        lookup = _object(response).get("frontdesk")
        return isinstance(lookup, dict) and lookup.get("redirect") == "allowed"

    def authenticate(self, client_id: str, client_secret: str) -> bool:
        """Returns True if the secret is the client's; for tokens that may check secrets and not read them."""
        form = {"issuer": self._issuer, "client_id": client_id, "client_secret": client_secret}
        response = self._request("POST", "/clients/authenticate", data=form)
        if response.status_code == 204:
            return True
        # 429 is the answer to one more wrong secret after too many; a right one is never refused for them.
        if response.status_code == 429 or (response.status_code == 401 and _error(response) == "invalid_client"):
            return False
        return _refuse(response)

    def used(self, client_id: str) -> None:
        """Notes that a client proved to be in use, such as by a token that it was given. It is reported by `flush`."""
        with self._lock:
            if len(self._used) < MAX_WAITING:
                self._used[client_id] = None

    def flush(self) -> None:
        """Reports the uses that were noted. If that fails with LookupUnavailable, they go with the next report."""
        with self._lock:
            waiting, self._used = list(self._used), {}
        while waiting:
            report = waiting[:USES_PER_REPORT]
            try:
                response = self._request("POST", "/clients/used", json={"issuer": self._issuer, "client_ids": report})
                if response.status_code != 204:
                    _refuse(response)
            except (LookupUnavailable, ClientDisabled, ClientRefused):
                with self._lock:
                    self._used |= dict.fromkeys(waiting)
                raise
            waiting = waiting[USES_PER_REPORT:]

    def _ask(self, client_id: str, kept: _Kept | None) -> _Kept | None:
        headers = {"If-None-Match": kept.etag} if kept else {}
        response = self._request("GET", "/clients", params=self._query(client_id), headers=headers)
        if response.status_code == 304 and kept:
            return replace(kept, fresh_until=_fresh_until(response))
        if response.status_code == 200:
            answer = _object(response)
            if answer.get("client_id", client_id) != client_id:
                raise LookupUnavailable("the lookup answered with another client")
            return _Kept(response.headers.get("ETag", ""), answer, _fresh_until(response))
        with self._lock:
            self._kept.pop(client_id, None)
        _refuse(response)
        return None

    def _remember(self, client_id: str, kept: _Kept) -> None:
        if not kept.etag:
            return
        with self._lock:
            self._kept[client_id] = kept
            self._kept.move_to_end(client_id)
            while len(self._kept) > self._keep:
                self._kept.popitem(last=False)

    def _query(self, client_id: str) -> dict[str, str]:
        query = {"issuer": self._issuer, "client_id": client_id}
        purpose = self._purpose() if self._purpose else None
        return query | {"purpose": purpose} if purpose else query

    def _request(self, method: str, path: str, headers: Mapping[str, str] | None = None, **arguments: Any) -> requests.Response:
        sent = {"Accept": "application/json", "Authorization": f"Bearer {self._read_token()}", **(headers or {})}
        try:
            return self._session.request(
                method,
                self._at + path,
                headers=sent,
                auth=_keep_authorization,
                timeout=self._timeout,
                allow_redirects=False,
                **arguments,
            )
        except requests.RequestException as error:
            raise LookupUnavailable("the lookup does not answer") from error

    def _read_token(self) -> str:
        if self._token_file is None:
            return self._token or ""
        try:
            return self._token_file.read_text("utf-8").strip()
        except OSError as error:
            raise LookupUnavailable("the file of the lookup token cannot be read") from error


def _keep_authorization(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps the header as it is; without an `auth` requests replaces it by what a .netrc file has for the host."""
    return request


def _refuse(response: requests.Response) -> bool:
    """Returns False for a client that does not exist, and raises for everything else."""
    error = _error(response)
    # A 404 without this code is of another server, and says nothing about the client.
    if response.status_code in (404, 410) and error == "not_found":
        return False
    if response.status_code == 403 and error == "access_denied":
        reason = _body(response).get("reason")
        raise ClientDisabled(reason if isinstance(reason, str) else None)
    if response.status_code == 422 and error == "invalid_client_metadata":
        member = _body(response).get("member")
        raise ClientRefused(member if isinstance(member, str) else None)
    raise LookupUnavailable(" ".join(["the lookup answered", str(response.status_code), error]).strip())


def _error(response: requests.Response) -> str:
    error = _body(response).get("error")
    return error if isinstance(error, str) else ""


def _body(response: requests.Response) -> dict[str, Any]:
    try:
        return _object(response)
    except LookupUnavailable:
        return {}


def _object(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except requests.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise LookupUnavailable("the lookup answered with something that is not a JSON object")
    return body


def _fresh_until(response: requests.Response) -> float:
    found = re.search(r"(?:^|[\s,])max-age=(\d+)", response.headers.get("Cache-Control", ""))
    return time.monotonic() + (int(found[1]) if found else 0)
