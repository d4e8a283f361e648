"""The peers: how each is installed below target/, and how it is started. Each function makes one ready in a folder, and gives its
name with versions and what starts it."""

import gzip
import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import subprocess
import urllib.request

from benchmark import processes

HERE = pathlib.Path(__file__).resolve().parent
SOURCES = HERE / "peers"
INSTALLED = HERE.parent.parent / "target" / "peers"


class Missing(Exception):
    """A sentence that says why a peer cannot be measured here."""


def run(command, **options):
    """What a program printed; `Missing` when it is not there or fails."""
    try:
        return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True, **options).stdout
    except FileNotFoundError:
        raise Missing(f"{command[0]} is not installed") from None
    except subprocess.CalledProcessError as error:
        raise Missing(f"`{' '.join(map(str, error.cmd[:3]))} …` failed: {error.stderr.strip()[-300:]}") from None


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def installed(name, *sources):
    """An empty folder to install a peer in, unless what these files of ours name was installed there before."""
    folder = INSTALLED / name
    kept = "".join(source.read_text() for source in sources)
    stamp = folder / "installed"
    if not stamp.exists() or stamp.read_text() != kept:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        yield folder
        stamp.write_text(kept)


def key(place):
    """The file of a key that a peer signs with: none makes its own at each start, as ours does not either."""
    file = place / "key.pem"
    if not file.exists():
        run(["openssl", "genrsa", "-out", file, "2048"])
    return file


def oidc_provider(place):
    """npm's oidc-provider, which keeps its clients in memory."""
    source, folder = SOURCES / "oidc-provider", INSTALLED / "oidc-provider"
    for fresh in installed("oidc-provider", source / "package-lock.json"):
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(source / name, fresh)
        run(["npm", "ci", "--silent"], cwd=fresh)
    # Packages are found beside the file that asks for them.
    shutil.copy(source / "server.js", folder)
    port = free_port()
    command = ["node", folder / "server.js", port, key(place)]
    version = json.loads((source / "package.json").read_text())["dependencies"]["oidc-provider"]
    called = f"oidc-provider {version} on Node {run(['node', '--version']).strip().strip('v')}, clients in memory"
    return called, lambda: processes.Process(command, {"NODE_ENV": "production"}, 0, at=f"http://127.0.0.1:{port}")


def authlib(place):
    """Authlib on Flask under gunicorn, on an SQLite file that is synced with each registration."""
    source = SOURCES / "authlib"
    for folder in installed("authlib", source / "requirements.txt"):
        run(["python3", "-m", "venv", folder / "python"])
        run([folder / "python/bin/pip", "install", "--quiet", "--disable-pip-version-check", "-r", source / "requirements.txt"])
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    # As few processes as ours, and a thread for each connection that is kept.
    command = [INSTALLED / "authlib/python/bin/gunicorn", "--chdir", source, "--workers", "1", "--worker-class", "gthread",
               "--threads", "64", "--keep-alive", "75", "--bind", f"127.0.0.1:{port}", "app:app"]
    environment = {"ISSUER": issuer, "STORE": str(place / "clients.db"), "HOME": str(place), "PYTHONDONTWRITEBYTECODE": "1"}

    def start():
        for old in place.glob("clients.db*"):
            old.unlink()
        return processes.Process(command, environment, 0, at=issuer)

    versions = (source / "requirements.txt").read_text().replace("==", " ").split("\n")
    return ", ".join(filter(None, versions)) + " with 64 threads, SQLite with `synchronous=FULL`", start


def glewlwyd(place):
    """Debian's glewlwyd on an SQLite file, with its own settings for that."""
    for folder in installed("glewlwyd"):
        run(["apt-get", "--version"])
        planned = run(["apt-get", "install", "--simulate", "--no-install-recommends", "glewlwyd"])
        # What it runs with and the machine lacks. Its set-up, its pages and the client of another database are left alone.
        wanted = re.findall(r"^Inst ((?:lib(?!js-|config-inifiles)|glewlwyd)\S*)", planned, re.M)
        run(["apt-get", "download", *wanted], cwd=folder)
        for package in folder.glob("*.deb"):
            run(["dpkg", "-x", package, folder / "root"])
    root = INSTALLED / "glewlwyd" / "root"
    if not (root / "usr/bin/glewlwyd").exists():
        raise Missing("it is installed on this machine, and only a package of it is unpacked below target/")
    documents = root / "usr/share/doc/glewlwyd"
    port = free_port()
    base = f"http://localhost:{port}"

    with sqlite3.connect(place / "glewlwyd.db") as database:
        database.executescript(gzip.decompress((documents / "database/init.sqlite3.sql.gz").read_bytes()).decode())
    settings = gzip.decompress((documents / "glewlwyd.conf.sample.gz").read_bytes()).decode()
    for key, value in {"port": port, "external_url": base, "cookie_secure": 0, "log_level": "ERROR", "static_files_path": str(place)}.items():
        settings = re.sub(rf"^{key}=.*", lambda _: f"{key}={json.dumps(value)}", settings, flags=re.M)
    settings = settings.replace('#bind_address=', 'bind_address=').replace("/var/cache/glewlwyd/glewlwyd.db", str(place / "glewlwyd.db"))
    settings = settings.replace('"/usr/lib/glewlwyd/', f'"{root}/usr/lib/glewlwyd/')
    (place / "glewlwyd.conf").write_text(settings)
    environment = {"LD_LIBRARY_PATH": ":".join(map(str, root.glob("usr/lib/*-linux-*")))}
    command = [root / "usr/bin/glewlwyd", f"--config-file={place / 'glewlwyd.conf'}"]

    with processes.Process(command, environment, 0, at=base, path="/config"):
        offer_registration(place, base)
    package = next((INSTALLED / "glewlwyd").glob("glewlwyd_*.deb")).name.split("_")[1]
    return f"glewlwyd {package} of Debian, SQLite as it sets it", lambda: processes.Process(command, environment, 0, at=base + "/api/oidc")


def offer_registration(place, base):
    """What its administrator does once: an OpenID Connect plugin that anybody may register at."""
    private = key(place)
    public = run(["openssl", "rsa", "-in", private, "-pubout"])
    switched_on = ["allow-non-oidc", "auth-type-code-enabled", "auth-type-token-enabled", "auth-type-id-token-enabled",
                   "auth-type-client-enabled", "auth-type-refresh-enabled", "jwks-show", "pkce-allowed",
                   "register-client-allowed", "register-client-management-allowed"]
    parameters = {"iss": base + "/api/oidc", "jwt-type": "rsa", "jwt-key-size": "256", "key": private.read_text(), "cert": public,
                  "access-token-duration": 3600, "refresh-token-duration": 1209600, "code-duration": 600, "subject-type": "public",
                  "allowed-scope": ["openid"], "register-client-auth-scope": [], "register-client-credentials-scope": [],
                  "client-jwks_uri-parameter": "jwks_uri", "client-jwks-parameter": "jwks", **dict.fromkeys(switched_on, True)}
    plugin = {"module": "oidc", "name": "oidc", "display_name": "oidc", "enabled": True, "parameters": parameters}
    headers = {"Content-Type": "application/json"}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for path, body in [("/api/auth/", {"username": "admin", "password": "password"}), ("/api/mod/plugin/", plugin)]:
        with opener.open(urllib.request.Request(base + path, json.dumps(body).encode(), headers), timeout=60) as answer:
            headers["Cookie"] = (answer.headers["Set-Cookie"] or "").split(";")[0]


PEERS = {"oidc-provider": oidc_provider, "authlib": authlib, "glewlwyd": glewlwyd}
