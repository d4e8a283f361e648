"""Clients of an Authlib authorization server from Frontdesk's lookup."""

from .client import FrontdeskClient
from .clients import FrontdeskClients
from .errors import ClientDisabled, ClientRefused, LookupUnavailable

__all__ = ["ClientDisabled", "ClientRefused", "FrontdeskClient", "FrontdeskClients", "LookupUnavailable"]
