"""The environment that the image and the systemd unit set besides Frontdesk's own settings."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]


def read(path, pattern):
    """Returns the variables that a file sets on lines of that form."""
    found = dict(re.findall(pattern, (ROOT / path).read_text(encoding="utf-8"), re.M))
    return {name: value for name, value in found.items() if not name.startswith("FRONTDESK_")}


def environment():
    """Returns the variables of the image, which have to be those of the unit."""
    image = read("Dockerfile", r"^ENV (\w+)=(.*)$")
    unit = read("docs/systemd/frontdesk.service", r"^Environment=(\w+)=(.*)$")
    if image != unit:
        raise RuntimeError(f"the image sets {image}, and the systemd unit {unit}")
    return image
