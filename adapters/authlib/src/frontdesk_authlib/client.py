"""One client, as Authlib asks for it."""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from authlib.oauth2.rfc6749 import ClientMixin

if TYPE_CHECKING:
    from .clients import FrontdeskClients

SECRET_METHODS = frozenset({"client_secret_basic", "client_secret_post", "client_secret_jwt"})
PATTERN = "regexp="


class FrontdeskClient(ClientMixin):  # type: ignore[misc]
    """A client as it was agreed at its registration."""

    def __init__(self, clients: FrontdeskClients, client_id: str, answer: Mapping[str, Any]) -> None:
        self._clients = clients
        self._lookup: Mapping[str, Any] = answer.get("frontdesk") or {}
        self.client_id = client_id
        self.client_metadata: dict[str, Any] = {name: deepcopy(value) for name, value in answer.items() if name != "frontdesk"}
        """The members as the lookup has them; a client secret is among them if the token may read it."""

    def __repr__(self) -> str:
        return f"FrontdeskClient({self.client_id!r})"

    # Members that Authlib reads as attributes.

    @property
    def client_name(self) -> str | None:
        return self.client_metadata.get("client_name")

    @property
    def redirect_uris(self) -> list[str]:
        return list(self.client_metadata.get("redirect_uris") or [])

    @property
    def request_uris(self) -> list[str]:
        return list(self.client_metadata.get("request_uris") or [])

    @property
    def response_types(self) -> list[str]:
        return list(self.client_metadata.get("response_types", ["code"]))

    @property
    def grant_types(self) -> list[str]:
        return list(self.client_metadata.get("grant_types", ["authorization_code"]))

    @property
    def scope(self) -> str | None:
        return self.client_metadata.get("scope")

    @property
    def token_endpoint_auth_method(self) -> str:
        return str(self.client_metadata.get("token_endpoint_auth_method", "client_secret_basic"))

    @property
    def id_token_signed_response_alg(self) -> str | None:
        return self.client_metadata.get("id_token_signed_response_alg")

    @property
    def require_signed_request_object(self) -> bool:
        return bool(self.client_metadata.get("require_signed_request_object", False))

    @property
    def jwks(self) -> dict[str, Any] | None:
        return self.client_metadata.get("jwks")

    @property
    def jwks_uri(self) -> str | None:
        return self.client_metadata.get("jwks_uri")

    # The questions of ClientMixin.

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str | None:
        """Returns the redirect URI of a client with exactly one (RFC 6749 §3.1.2.3)."""
        match self.redirect_uris:
            case [only] if not only.startswith(PATTERN):
                return only
        return None

    def get_allowed_scope(self, scope: str | None) -> str:
        """Returns the scopes among those asked for that the client agreed to. One that agreed to none may ask for every scope."""
        asked = (scope or "").split()
        if self.scope is None:
            return " ".join(asked)
        agreed = set(self.scope.split())
        return " ".join(value for value in asked if value in agreed)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Judges a redirect URI: byte for byte; for the ports of native clients and for patterns, as the lookup does."""
        uris = self.redirect_uris
        if redirect_uri.startswith(PATTERN):
            return False
        if redirect_uri in uris:
            return True
        is_native = self.client_metadata.get("application_type") == "native"
        if not is_native and not any(uri.startswith(PATTERN) for uri in uris):
            return False
        return self._clients.allows_redirect(self.client_id, redirect_uri)

    def check_client_secret(self, client_secret: str) -> bool:
        """Judges a secret: here if the lookup token may read it, at the lookup otherwise."""
        if self.token_endpoint_auth_method not in SECRET_METHODS:
            return False
        current = self.client_metadata.get("client_secret")
        if current is None:
            return self._clients.authenticate(self.client_id, client_secret)
        now = time.time()
        expires_at = self.client_metadata.get("client_secret_expires_at") or 0
        is_current = _equal(current, client_secret) and (expires_at == 0 or now < expires_at)
        previous = self._lookup.get("previous_client_secret")
        until = self._lookup.get("previous_until") or 0
        is_previous = previous is not None and _equal(previous, client_secret) and now < until
        return is_current or is_previous

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Judges a method of authentication, which is the same at every endpoint."""
        return method == self.token_endpoint_auth_method

    def check_response_type(self, response_type: str) -> bool:
        """Judges a response type; its words are in any order (OAuth 2.0 Multiple Response Types §3)."""
        asked = sorted(response_type.split())
        return any(asked == sorted(agreed.split()) for agreed in self.response_types)

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.grant_types


def _equal(one: str, other: str) -> bool:
    """Compares in a time that does not depend on the place of the first difference."""
    return hmac.compare_digest(one.encode(), other.encode())
