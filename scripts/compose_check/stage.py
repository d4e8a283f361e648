"""Where projects are run: their images, their scratch folder, and what is counted meanwhile."""

import os

import images
from commands import must, run, say
from engine import Engine
from journeys import Traveller
from model import Project
from service import image_of

# The administrator that every first start makes.
PASSWORD = "correct horse battery"
FOLDER = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))


class Stage:
    """One run."""

    def __init__(self, arguments, scratch):
        self.binary, self.scratch = arguments.binary, scratch
        self.numbers = {}
        image, steps = images.frontdesk(FOLDER, arguments.binary, scratch, arguments.compile)
        self.images = {"frontdesk": image, **images.published(arguments.postgres)}
        how = "compiled" if arguments.compile else "with the binary at hand in place of cargo's"
        say(f"Dockerfile: {steps} steps in clean root file systems, {how}; {len(os.listdir(scratch + '/image'))} folders in the image")

    def count(self, what, number=1):
        """Adds to a number that is told at the end."""
        self.numbers[what] = self.numbers.get(what, 0) + number

    def project(self, name, profile=None, **file):
        """An engine for a profile, or for another file, with its own volumes and networks."""
        scratch = f"{self.scratch}/{name}"
        os.makedirs(scratch)
        return Engine(Project(FOLDER, profile, {"FRONTDESK_ADMIN_PASSWORD": PASSWORD}, **file), self.images, scratch)

    def rights(self, engine):
        """What the kernel says each running service may do."""
        for name, container in engine.containers.items():
            if not container.running():
                continue
            status = container.status()
            own = self.images[image_of(container.service)].get("healthcheck")
            must(not own or container.service["healthcheck"]["test"] == ["CMD", *own], f"{name} is not asked as the Dockerfile says")
            user = container.about["user"]
            must(status["Uid"].split() == [str(user)] * 4 and user != 0, f"{name} runs as {status['Uid']}")
            must(all(int(status[key], 16) == 0 for key in ("CapEff", "CapPrm", "CapBnd", "CapAmb")), f"{name} has capabilities")
            must(status["NoNewPrivs"].strip() == "1", f"{name} may gain privileges")
            limits, ulimits = container.limits(), container.service["ulimits"]
            must(limits["Max core file size"] == ["0", "0"], f"{name} may dump core")
            must(limits["Max open files"] == [str(ulimits["nofile"])] * 2, f"{name} may open {limits['Max open files']} files")
            with open(f"/proc/{container.main()}/mountinfo", encoding="utf-8") as file:
                roots = [line.split() for line in file if line.split()[4] == "/"]
            must(roots[-1][5].startswith("ro"), f"{name} may write to its root file system")
            self.count("running services whose user, capabilities and root file system the kernel was asked for")

    def traveller(self, engine, outermost, authority):
        """Somebody on the host, who reaches the published port and trusts that authority."""
        network = next(network for network in engine.project.networks_of(outermost) if network != "database")
        return Traveller(self.binary, engine.addresses[outermost, network][0], authority, engine.scratch)

    def finish(self, engine, sentence):
        """Stops a project, which must end well, and takes it away."""
        engine.down()
        self.clean(engine)
        say(sentence)

    def clean(self, engine):
        """Networks away; the other namespaces went with their last process."""
        for name in engine.containers:
            run("ip", "netns", "delete", name)
        for bridge in {bridge for _, bridge in engine.addresses.values()}:
            run("ip", "link", "delete", bridge)
        self.count("containers", len(engine.containers))
