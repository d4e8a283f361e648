"""The errors that Authlib answers with."""

from __future__ import annotations

from authlib.oauth2.rfc6749 import OAuth2Error, UnauthorizedClientError


class ClientDisabled(UnauthorizedClientError):  # type: ignore[misc]
    """The client exists and may not be used now: Authlib answers 400 `unauthorized_client`."""

    description = "The client may not be used at the moment."

    def __init__(self, reason: str | None = None) -> None:
        super().__init__()
        self.reason = reason
        """The reason of the lookup, such as `disabled`."""


class ClientRefused(UnauthorizedClientError):  # type: ignore[misc]
    """The document of the client is refused: Authlib answers 400 `unauthorized_client`."""

    description = "The document of the client cannot be accepted."

    def __init__(self, member: str | None = None) -> None:
        super().__init__()
        self.member = member
        """The member that the document is refused for, if there is one."""
        if member:
            self.description = f"The document of the client cannot be accepted: {member}."


class LookupUnavailable(OAuth2Error):  # type: ignore[misc]
    """The lookup gave no answer about the client, which says nothing about the client: Authlib answers 503."""

    error = "temporarily_unavailable"
    description = "The client cannot be looked up at the moment."
    status_code = 503

    def __init__(self, cause: str) -> None:
        super().__init__()
        self.cause = cause
        """The cause, for the log; it is in no answer."""

    def __str__(self) -> str:
        return f"{self.error}: {self.cause}"
