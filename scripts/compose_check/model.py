"""The compose file as an engine reads it: interpolated, with the services of one profile, in the order they start."""

import os
import re

import yaml

VARIABLE = re.compile(r"\$(?:\$|\{(\w+)(?:(:?-)([^}]*))?\})")


def interpolated(value, environment):
    """`${NAME}`, `${NAME-default}`, `${NAME:-default}` and `$$` in every text below `value`."""
    if isinstance(value, dict):
        return {key: interpolated(inner, environment) for key, inner in value.items()}
    if isinstance(value, list):
        return [interpolated(inner, environment) for inner in value]
    if not isinstance(value, str):
        return value

    def one(found):
        if found.group(0) == "$$":
            return "$"
        name, dash, default = found.groups()
        known = environment.get(name)
        if known is None or (dash == ":-" and known == ""):
            return default or ""
        return known

    return VARIABLE.sub(one, value)


def dotenv(folder):
    """The variables of `.env`, if there is one."""
    path = os.path.join(folder, ".env")
    if not os.path.exists(path):
        return {}
    lines = [line.strip() for line in open(path, encoding="utf-8")]
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


class Project:
    """What `docker compose --profile PROFILE up` would start; without one, what `.env` says; or another file without profiles."""

    def __init__(self, folder, profile=None, environment=None, file="docker-compose.yml"):
        path = os.path.join(folder, file)
        self.folder = folder = os.path.dirname(path)
        self.environment = {**dotenv(folder), **(environment or {})}
        active = [profile] if profile else self.environment.get("COMPOSE_PROFILES", "").split(",")
        with open(path, encoding="utf-8") as opened:
            model = interpolated(yaml.safe_load(opened), self.environment)
        self.networks = {"default": {}, **{name: about or {} for name, about in model.get("networks", {}).items()}}
        self.volumes = set(model["volumes"])
        self.services = {
            name: service
            for name, service in model["services"].items()
            if not service.get("profiles") or set(service["profiles"]) & set(active)
        }
        for name, service in self.services.items():
            missing = set(service.get("depends_on", {})) - set(self.services)
            if missing:
                raise SystemExit(f"compose-check: {name} waits for {missing}, which {active} does not start")

    def in_order(self):
        """The services, each behind those it waits for."""
        done = []

        def visit(name):
            if name not in done:
                for other in self.services[name].get("depends_on", {}):
                    visit(other)
                done.append(name)

        for name in self.services:
            visit(name)
        return done

    def networks_of(self, name):
        """The networks of a service, each with its fixed address or None."""
        service = self.services[name]
        if service.get("network_mode") == "none":
            return {}
        networks = service.get("networks", ["default"])
        if isinstance(networks, list):
            networks = dict.fromkeys(networks)
        return {network: (about or {}).get("ipv4_address") for network, about in networks.items()}

    def environment_of(self, name):
        """The variables a service starts with: those without a value are handed on when they are set."""
        given = self.services[name].get("environment", {})
        handed = {key: self.environment.get(key) if value is None else str(value) for key, value in given.items()}
        return {key: value for key, value in handed.items() if value is not None}
