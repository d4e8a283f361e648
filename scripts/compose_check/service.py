"""A service that was started: the process a container is, and what is asked of it."""

import os
import subprocess

from commands import Failed, until, which


class Container:
    """A started service."""

    def __init__(self, engine, name, process, about):
        self.engine, self.name, self.process, self.about = engine, name, process, about
        self.service = engine.project.services[name]

    def main(self):
        """The process the container is."""
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(path, encoding="utf-8") as file:
            children = file.read().split()
        return int(children[0]) if children else None

    def status(self):
        """The rights of its process, as the kernel tells them."""
        with open(f"/proc/{self.main()}/status", encoding="utf-8") as file:
            return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)

    def limits(self):
        """The soft and hard limits of its process by the kernel's names."""
        with open(f"/proc/{self.main()}/limits", encoding="utf-8") as file:
            return {line[:25].strip(): line[25:].split()[:2] for line in file}

    def running(self):
        return self.process.poll() is None

    def reach(self, condition):
        """Waits for the condition another service has for this one."""
        if condition == "service_completed_successfully":
            until(f"{self.name} ends", lambda: not self.running(), 60)
            if self.process.returncode:
                raise Failed(f"{self.name} ended with {self.process.returncode}:\n{self.engine.log_of(self.name)}")
        elif condition == "service_healthy":
            check = self.service["healthcheck"]
            patience = seconds_of(check.get("start_period", "0s")) + check["retries"] * seconds_of(check["interval"])

            def healthy():
                if not self.running():
                    raise Failed(f"{self.name} ended with {self.process.returncode}:\n{self.engine.log_of(self.name)}")
                return self.healthy()

            until(f"{self.name} is healthy", healthy, patience)
        else:
            raise Failed(f"{self.name}: {condition} is no condition")

    def healthy(self):
        """The health check of the compose file, as the engine would run it inside."""
        kind, *command = self.service["healthcheck"]["test"]
        if kind != "CMD":
            raise Failed(f"{self.name}: a health check must be a CMD, there is no shell in the image")
        return self.execute(*command, patience=seconds_of(self.service["healthcheck"]["timeout"])).returncode == 0

    def execute(self, *command, patience=30, **more):
        """Another program in the container: docker compose exec."""
        main = self.main()
        if main is None:
            return subprocess.CompletedProcess(command, 125, "", f"{self.name} is not there")
        rights = [f"--setuid={self.about['user']}", f"--setgid={self.about['group']}"]
        inside = [which("nsenter"), f"--target={main}", "--mount", "--pid", "--net", "--ipc", "--uts", "--root", "--wd=/", *rights]
        path = self.about["environment"]["PATH"].split(":")
        found = [f"{folder}/{command[0]}" for folder in path if os.path.exists(f"/proc/{main}/root{folder}/{command[0]}")]
        if not found:
            return subprocess.CompletedProcess(command, 127, "", f"{command[0]} is not in the image")
        try:
            return subprocess.run(
                [*inside, found[0], *command[1:]],
                env=self.about["environment"],
                capture_output=True,
                text=True,
                timeout=patience,
                check=False,
                **({} if "input" in more else {"stdin": subprocess.DEVNULL}),
                **more,
            )
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, 124, "", f"no answer within {patience} seconds")

    def kill(self, number):
        os.kill(self.main(), number)

    def stop(self):
        """The image's signal, and the end within the time the compose file grants."""
        if not self.running():
            return
        patience = seconds_of(self.service.get("stop_grace_period", "10s"))
        self.kill(self.engine.images[image_of(self.service)]["stop"])
        until(f"{self.name} stops", lambda: not self.running(), patience)
        if self.process.returncode:
            raise Failed(f"{self.name} stopped with {self.process.returncode}:\n{self.engine.log_of(self.name)[-2000:]}")


def seconds_of(text):
    """A span such as 5s."""
    return float(text.removesuffix("s"))


def image_of(service):
    """The image a service names, without its digest, or `frontdesk` for the one that is built."""
    return "frontdesk" if "build" in service else service["image"].split("@")[0]
