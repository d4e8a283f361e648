"""What must hold of the compose file whatever runs: who may do what, and what starts for whom."""

from commands import Failed
from model import Project
from service import image_of

PROFILES = {
    None: {"secrets", "db", "frontdesk"},
    "postgres": {"secrets", "db", "frontdesk"},
    "sqlite": {"alone"},
    "scale": {"secrets", "certificate", "db", "replica-1", "replica-2", "nginx"},
}
IMAGES = {"frontdesk", "postgres:17-bookworm", "nginx:1.28-bookworm"}


def check(folder):
    """Looks at every service of every profile; says how many sentences were asked."""
    asked = 0

    def must(so, sentence):
        nonlocal asked
        asked += 1
        if not so:
            raise Failed(sentence)

    for profile, expected in PROFILES.items():
        project = Project(folder, profile)
        must(set(project.services) == expected, f"profile {profile} starts {sorted(project.services)}")
        published = [name for name, service in project.services.items() if service.get("ports")]
        must(len(published) == 1, f"profile {profile} publishes {published}")
        must(published[0] in ("frontdesk", "alone", "nginx"), f"profile {profile} publishes {published}")
        for name, service in project.services.items():
            once = service["restart"] == "no"
            must(image_of(service) in IMAGES, f"{name}: {image_of(service)} is not known here")
            must(service.get("read_only") is True, f"{name} may write to its root file system")
            must(service.get("cap_drop") == ["ALL"], f"{name} keeps capabilities")
            must("no-new-privileges:true" in service["security_opt"], f"{name} may gain privileges")
            must(service["ulimits"]["core"] == 0 and service["ulimits"]["nofile"] >= 1024, f"{name} has no limits of its own")
            must(service.get("mem_limit") and service.get("pids_limit", 0) > 0, f"{name} may take all memory or all processes")
            must(not service.get("privileged") and not service.get("pid") and not service.get("ipc"), f"{name} is privileged")
            must(once or service["restart"] == "unless-stopped", f"{name} is not started again")
            must(once or "healthcheck" in service, f"{name} has no health check")
            must(not once or service["network_mode"] == "none", f"{name} makes secrets and has a network")
            must(once or "cap_add" not in service, f"{name} keeps capabilities")
            must(image_of(service) == "frontdesk" or once or "user" in service, f"{name} runs as root")
            named = [volume.split(":")[0] for volume in service.get("volumes", []) if not volume.startswith(".")]
            must(set(named) <= project.volumes, f"{name} uses a volume that is not declared")
            secret = [volume for volume in service.get("volumes", []) if "secret" in volume or volume.startswith("tls")]
            must(once or all(volume.endswith(":ro") for volume in secret), f"{name} may write to secrets")
            literal = [key for key, value in project.environment_of(name).items() if ("PASSWORD" in key or "KEY" in key) and "FILE" not in key and value]
            must(not literal, f"{name} is given {literal} in the file")
        if "db" in project.services:
            must(list(project.networks_of("db")) == ["database"], "the database is on a network it does not need")
            must(project.networks["database"].get("internal") is True, "the database's network reaches others")
    return asked
