"""Containers and networks of a project out of namespaces and bridges: what an engine would do, and no more."""

import grp
import json
import os
import pwd
import subprocess
import sys

from commands import Failed, run
from service import Container, image_of

CONTAINER = os.path.join(os.path.dirname(__file__), "container.py")


class Engine:
    """Runs one project. `images` says for each image where its root is, what its environment is and what starts in it."""

    def __init__(self, project, images, scratch):
        self.project, self.images, self.scratch = project, images, scratch
        self.containers = {}
        self.addresses = {}
        self.make_networks()

    def make_networks(self):
        """A bridge for each network, an address for each service on each of its networks."""
        used = sorted({network for name in self.project.services for network in self.project.networks_of(name)})
        for number, network in enumerate(used):
            config = self.project.networks[network].get("ipam", {}).get("config", [{}])[0]
            prefix = config.get("subnet", f"10.94.{100 + number}.0/24").removesuffix(".0/24")
            bridge = f"fd{number}"
            run("ip", "link", "add", bridge, "type", "bridge")
            run("ip", "link", "set", bridge, "up")
            if not self.project.networks[network].get("internal"):
                run("ip", "address", "add", f"{prefix}.1/24", "dev", bridge)
            taken = 100
            for name in self.project.services:
                fixed = self.project.networks_of(name)
                if network in fixed:
                    taken += 1
                    self.addresses[name, network] = (fixed[network] or f"{prefix}.{taken}", bridge)

    def plug(self, name):
        """A network namespace of its own with a cable to each network of the service."""
        run("ip", "netns", "add", name)
        run("ip", "-n", name, "link", "set", "lo", "up")
        for number, network in enumerate(self.project.networks_of(name)):
            address, bridge = self.addresses[name, network]
            cable = f"{list(self.project.services).index(name)}.{number}"
            run("ip", "link", "add", f"out{cable}", "type", "veth", "peer", "name", f"in{cable}", "netns", name)
            run("ip", "link", "set", f"out{cable}", "master", bridge, "up")
            run("ip", "-n", name, "address", "add", f"{address}/24", "dev", f"in{cable}")
            run("ip", "-n", name, "link", "set", f"in{cable}", "up")

    def hosts_of(self, name):
        """The names a service can resolve: those it shares a network with."""
        lines = ["127.0.0.1 localhost", "::1 localhost"]
        for network in self.project.networks_of(name):
            lines += [f"{address} {other}" for (other, shared), (address, _) in self.addresses.items() if shared == network]
        return "\n".join(lines) + "\n"

    def start(self, name):
        """Starts a service in its container."""
        service, image = self.project.services[name], self.images[image_of(self.project.services[name])]
        if name not in os.listdir("/run/netns"):
            self.plug(name)
        base = f"{self.scratch}/{name}"
        os.makedirs(base, exist_ok=True)
        mounts = []
        for volume in service.get("volumes", []):
            source, target, *mode = volume.split(":")
            mounts.append({"source": self.volume(source, target, image), "target": target, "read_only": mode == ["ro"]})
        user, group = ids(service.get("user", image["user"]))
        environment = {**image["environment"], **self.project.environment_of(name)}
        about = {
            "base": base,
            "image": image["root"],
            "hosts": self.hosts_of(name),
            "mounts": mounts,
            "tmpfs": service.get("tmpfs", []),
            "read_only": service.get("read_only", False),
            "capabilities": capabilities(service),
            "ulimits": service.get("ulimits", {}),
            "no_new_privileges": "no-new-privileges:true" in service.get("security_opt", []),
            "user": user,
            "group": group,
            "environment": environment,
            "command": image["start"](service),
        }
        log = open(f"{self.scratch}/{name}.log", "ab")
        fresh = ["unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child"]
        process = subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{name}", *fresh, sys.executable, CONTAINER, json.dumps(about)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        self.containers[name] = Container(self, name, process, about)
        return self.containers[name]

    def volume(self, source, target, image):
        """The folder of a named volume, which a new one takes over from the image with its owner; or a file of the project."""
        if source.startswith("."):
            return os.path.join(self.project.folder, source)
        path = f"{self.scratch}/volumes/{source}"
        if not os.path.isdir(path):
            os.makedirs(path)
            owner, mode = image["volumes"].get(target, (0, 0o755))
            os.chown(path, owner, owner)
            os.chmod(path, mode)
        return path

    def up(self):
        """Starts everything, each service when what it waits for is as it must be."""
        for name in self.project.in_order():
            for other, wanted in self.project.services[name].get("depends_on", {}).items():
                self.containers[other].reach(wanted["condition"])
            self.start(name)
        for name, container in self.containers.items():
            if "healthcheck" in self.project.services[name]:
                container.reach("service_healthy")

    def down(self):
        """Stops everything, the last first; each must end in its time."""
        for container in reversed(list(self.containers.values())):
            container.stop()

    def log_of(self, name):
        """What a service said so far."""
        with open(f"{self.scratch}/{name}.log", encoding="utf-8", errors="replace") as file:
            return file.read()


def capabilities(service):
    """What a service keeps of root's rights."""
    if service.get("cap_drop") != ["ALL"]:
        raise Failed("a service keeps capabilities it does not name")
    return service.get("cap_add", [])


def ids(user):
    """Numbers of a user and a group."""
    name, _, group = str(user).partition(":")
    if name.isdigit():
        return int(name), int(group or name)
    entry = pwd.getpwnam(name)
    return entry.pw_uid, grp.getgrnam(group).gr_gid if group else entry.pw_gid
