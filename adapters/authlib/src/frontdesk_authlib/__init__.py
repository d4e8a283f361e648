"""Clients of an Authlib authorization server from Frontdesk's lookup."""

from .client import FrontdeskClient
from .clients import FrontdeskClients
from .errors import ClientDisabled, LookupUnavailable

__all__ = ["ClientDisabled", "FrontdeskClient", "FrontdeskClients", "LookupUnavailable"]
