"""A registration with provisioning beside the authorization server's own create, asked one after the other in one run."""

import http.server
import json
import pathlib
import statistics
import threading
import time
import urllib.request

from benchmark import load, processes, stores

# How often each is asked.
TIMES = 300
# How long the scripted server takes for a create, in seconds: less than any real one.
WORK = 0.005


class Clients(http.server.BaseHTTPRequestHandler):
    """Hydra's admin API as far as a registration needs it: a create, and an empty list for the comparison at the start."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(WORK)
        self.answer(201, body)

    def do_GET(self):
        self.answer(200, b"[]")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def posted(opener, url, body):
    """Milliseconds until a POST is answered with 201."""
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})
    begun = time.perf_counter()
    with opener.open(request, timeout=60) as answer:
        answer.read()
        if answer.status != 201:
            raise SystemExit(f"{url} answered {answer.status}")
    return (time.perf_counter() - begun) * 1000


def provision(options):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Clients)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    at = f"http://127.0.0.1:{server.server_port}/admin/clients"
    settings = {"FRONTDESK_PROVISION_TO": "http", "FRONTDESK_PROVISION_AT": at}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    body = load.BODY.read_bytes()
    direct, registered = [], []
    with stores.folder() as name, processes.service(options.built / "frontdesk", pathlib.Path(name), settings=settings) as service:
        register = load.endpoint(service.base)
        for _ in range(TIMES):
            direct.append(posted(opener, at, json.dumps(json.loads(body) | {"client_id": "direct"}).encode()))
            registered.append(posted(opener, register, body))
    server.shutdown()
    create, register = statistics.median(direct), statistics.median(registered)
    return {"provision/registration": {"create_ms": create, "register_ms": register, "over_create_ms": register - create, "over_create_ratio": register / create}}
