"""The root file systems: Frontdesk's out of the Dockerfile, line by line; for the published images, this machine's own programs."""

import json
import os
import pwd
import re
import shlex
import shutil
import signal
import stat

from commands import Failed, run

# What gcr.io/distroless/cc-debian12 has: the C library, OpenSSL, and the runtime libraries of the compiler.
DISTROLESS = re.compile(r"^(ld-linux-[\w-]+|libc|libm|libdl|libpthread|librt|libresolv|libssl|libcrypto|libgcc_s|libstdc\+\+|libgomp)\.so\.\d+$")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# What PostgreSQL's image does before it becomes the server, for as much of it as the compose file uses.
POSTGRES = r"""
export PGDATA=/var/lib/postgresql/data
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    initdb --pgdata="$PGDATA" --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" \
        --auth-host=scram-sha-256 --auth-local=trust --encoding=UTF8 --no-locale >/dev/null
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    echo "CREATE DATABASE \"$POSTGRES_DB\";" | postgres --single -D "$PGDATA" -j template1 >/dev/null
fi
exec postgres -c listen_addresses='*'
"""


def instructions(path):
    """The instructions of a Dockerfile, in stages."""
    text = re.sub(r"^\s*#.*\n", "", open(path, encoding="utf-8").read(), flags=re.M).replace("\\\n", " ")
    stages = []
    for line in filter(None, map(str.strip, text.splitlines())):
        word, rest = line.split(None, 1)
        if word == "FROM":
            stages.append([])
        stages[-1].append((word, rest.strip()))
    return stages


def context(folder):
    """What .dockerignore lets through: it must begin by refusing everything."""
    lines = [line for line in open(f"{folder}/.dockerignore", encoding="utf-8").read().split("\n") if line and line[0] != "#"]
    if lines[0] != "*" or not all(line.startswith("!") for line in lines[1:]):
        raise Failed(".dockerignore must refuse everything and then name what the build needs")
    return [line[1:] for line in lines[1:]]


def sources(folder, binary):
    """The files a binary was compiled from, by the list cargo keeps beside it."""
    text = open(f"{binary}.d", encoding="utf-8").read().replace("\\ ", "\0")
    paths = [path.replace("\0", " ") for path in text.split(":", 1)[1].split()]
    return [os.path.relpath(path, folder) for path in paths if not os.path.relpath(path, folder).startswith("..")]


def frontdesk(folder, binary, scratch, compile_it):
    """Follows the Dockerfile. Without `compile_it` the cargo of its RUN line gives the binary at hand."""
    build, runtime = instructions(f"{folder}/Dockerfile")
    allowed = context(folder)
    outside = [path for path in sources(folder, binary) if path.split("/")[0] not in allowed]
    if outside:
        raise Failed(f"the build needs {outside}, which .dockerignore keeps from it")
    toolchain = re.search(r"rust:([\d.]+)-bookworm", build[0][1]).group(1)
    wanted = re.search(r'^rust-version = "(.*)"$', open(f"{folder}/Cargo.toml", encoding="utf-8").read(), re.M).group(1)
    if toolchain != wanted:
        raise Failed(f"the Dockerfile builds with Rust {toolchain} and Cargo.toml wants {wanted}")
    src, out, root = f"{scratch}/src", f"{scratch}/out", f"{scratch}/image"
    for path in (out, root):
        os.makedirs(path)
    for name in allowed:
        copy = shutil.copytree if os.path.isdir(f"{folder}/{name}") else shutil.copy2
        os.makedirs(src, exist_ok=True)
        copy(f"{folder}/{name}", f"{src}/{name}")
    steps, arguments = 0, {}
    for word, rest in build[1:]:
        if word == "RUN":
            build_step(re.sub(r"--mount=\S+\s+", "", rest), arguments, src, out, binary, compile_it, scratch)
            steps += 1
        elif word == "ARG":
            name, _, default = rest.partition("=")
            arguments[name] = default
        elif (word, rest) not in (("WORKDIR", "/src"), ("COPY", ". .")):
            raise Failed(f"the Dockerfile's {word} {rest} is not known here")
    image = {"root": root, "environment": {"PATH": PATH}, "volumes": {}, "user": "0:0", "stop": signal.SIGTERM}
    libraries(f"{out}/frontdesk", root)
    entrypoint = command = None
    for word, rest in runtime[1:]:
        steps += 1
        if word == "COPY":
            copy_step(rest, scratch, root)
        elif word == "USER":
            image["user"] = rest
        elif word == "ENV":
            name, value = rest.split("=", 1)
            image["environment"][name] = value
        elif word == "VOLUME":
            about = os.stat(root + rest)
            image["volumes"][rest] = (about.st_uid, stat.S_IMODE(about.st_mode))
        elif word == "ENTRYPOINT":
            entrypoint = json.loads(rest)
        elif word == "CMD":
            command = json.loads(rest)
        elif word == "HEALTHCHECK":
            image["healthcheck"] = json.loads(rest.split(" CMD ", 1)[1])
        elif word != "EXPOSE":
            raise Failed(f"the Dockerfile's {word} {rest} is not known here")
    image["start"] = lambda service: service.get("entrypoint", entrypoint) + service.get("command", command)
    return image, steps


def build_step(line, arguments, src, out, binary, compile_it, scratch):
    """The Dockerfile's RUN line as it stands, in a root file system like this machine's with the context at /src."""
    stand_in = f"{scratch}/bin"
    os.makedirs(stand_in)
    # It is the real one that says whether the context is a whole workspace and the lock file fits it.
    whole = f"{shlex.quote(shutil.which('cargo'))} tree --quiet --locked --offline --package server >/dev/null"
    with open(f"{stand_in}/cargo", "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\nset -eu\n{whole}\ninstall -D {shlex.quote(binary)} target/release/frontdesk\n")
    os.chmod(f"{stand_in}/cargo", 0o755)
    path = f"{os.path.dirname(shutil.which('cargo'))}:{PATH}"
    environment = {**arguments, "PATH": path if compile_it else f"{stand_in}:{path}", "HOME": os.path.expanduser("~"), "CARGO_NET_OFFLINE": "true"}
    inside = f"mount --make-rprivate / && mount -t tmpfs tmpfs {scratch}/layer && mkdir {scratch}/layer/upper {scratch}/layer/work " \
        f"{scratch}/layer/root && mount -t overlay overlay -o lowerdir=/,upperdir={scratch}/layer/upper,workdir={scratch}/layer/work " \
        f"{scratch}/layer/root && cd {scratch}/layer/root && mkdir -p src out proc dev && mount --rbind /proc proc && " \
        f"mount --rbind /dev dev && mount --bind {src} src && mount --bind {out} out && exec chroot . sh -euc \"$1\""
    os.makedirs(f"{scratch}/layer")
    run("unshare", "--mount", "sh", "-euc", inside, "sh", f"cd /src; {line}", env=environment)


def copy_step(rest, scratch, root):
    """COPY --from=build [--chown=U:G] SOURCE TARGET."""
    *options, source, target = rest.split()
    options = dict(option.removeprefix("--").split("=", 1) for option in options)
    if options.pop("from") != "build":
        raise Failed(f"COPY {rest}: from where?")
    source, target = scratch + source, root + target
    owner, group = map(int, options.get("chown", "0:0").split(":"))
    if os.path.isdir(source):
        os.makedirs(target)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy2(source, target)
    os.chown(target, owner, group)


def libraries(binary, root):
    """The runtime image: exactly the libraries the binary asks for, each of which distroless must have, and authorities."""
    for line in run("ldd", binary).splitlines():
        path = next((word for word in line.split() if word.startswith("/")), None)
        if path is None:
            continue
        if not DISTROLESS.match(os.path.basename(path)):
            raise Failed(f"the binary needs {os.path.basename(path)}, which gcr.io/distroless/cc-debian12 has not")
        os.makedirs(root + os.path.dirname(path), exist_ok=True)
        shutil.copy2(os.path.realpath(path), root + path)
    files = {
        "/etc/passwd": "root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n",
        "/etc/group": "root:x:0:\nnonroot:x:65532:\n",
        "/etc/nsswitch.conf": "hosts: files dns\n",
        "/etc/ssl/certs/ca-certificates.crt": open("/etc/ssl/certs/ca-certificates.crt", encoding="utf-8").read(),
    }
    for path, text in files.items():
        os.makedirs(root + os.path.dirname(path), exist_ok=True)
        with open(root + path, "w", encoding="utf-8") as file:
            file.write(text)


def published(postgres):
    """PostgreSQL's and nginx's images: this machine's programs, on a view of its root file system that cannot be written to."""

    def start(service, fallback=None):
        return service["entrypoint"] + service.get("command", []) if "entrypoint" in service else fallback

    owner = pwd.getpwnam("postgres").pw_uid
    return {
        "postgres:17-bookworm": {
            "root": "/",
            "environment": {"PATH": f"{postgres}:{PATH}"},
            "volumes": {"/var/lib/postgresql/data": (owner, 0o700)},
            "user": "0:0",
            "stop": signal.SIGINT,
            "start": lambda service: start(service, ["/bin/sh", "-euc", POSTGRES]),
        },
        "nginx:1.28-bookworm": {
            "root": "/",
            "environment": {"PATH": PATH},
            "volumes": {},
            "user": "0:0",
            "stop": signal.SIGQUIT,
            "start": start,
        },
    }
