"""A lookup of Frontdesk for the tests of the adapter: the answers of one issuer about clients in memory."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

READ = "lkt_" + "r" * 43
CHECK = "lkt_" + "c" * 43


class FakeLookup:
    def __init__(self, issuer):
        self.issuer = issuer
        self.reset()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                sent = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                status, body, headers = fake.judge(self.command, self.path, self.headers, sent)
                fake.requests.append((self.command, self.path, status))
                content = b"" if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status not in (204, 304):
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if status not in (204, 304):
                    self.wfile.write(content)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.at = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def reset(self):
        self.clients, self.requests, self.uses = {}, [], []
        self.fault = None
        self.max_age = 0

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def judge(self, method, path, headers, sent):
        if self.fault:
            return (*self.fault, {})
        token = (headers.get("Authorization") or "").removeprefix("Bearer ")
        if token not in (READ, CHECK):
            return 401, {"error": "invalid_token"}, {}
        address = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        match method, address.path:
            case "POST", "/clients/used":
                self.uses.append(json.loads(sent))
                return 204, None, {}
            case "POST", "/clients/authenticate":
                form = {name: values[0] for name, values in parse_qs(sent).items()}
                client = self.clients.get(form["client_id"], {})
                right = client.get("client_secret") == form["client_secret"]
                return (204, None, {}) if right else (401, {"error": "invalid_client"}, {})
            case "GET", "/clients":
                return self.client(query, token, headers)
        return 404, "no such page", {}

    def client(self, query, token, headers):
        if query["issuer"] != self.issuer:
            return 403, {"error": "insufficient_scope"}, {}
        client = self.clients.get(query["client_id"])
        if client is None:
            return 404, {"error": "not_found"}, {"Cache-Control": "private, max-age=1"}
        if "status" in client:
            return client["status"], client["body"], {}
        answer = {"client_id": query["client_id"], **client}
        lookup = {"kind": "registered", **answer.pop("frontdesk", {})}
        if token == CHECK:
            answer.pop("client_secret", None)
        if "redirect_uri" in query:
            allowed = query["redirect_uri"] in lookup.pop("allows", [])
            lookup["redirect"] = "allowed" if allowed else "other"
        lookup.pop("allows", None)
        answer["frontdesk"] = lookup
        text = json.dumps(answer)
        etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'
        caching = f"private, max-age={self.max_age}" if self.max_age else "private, no-cache"
        fields = {"ETag": etag, "Cache-Control": caching, "Content-Type": "application/json"}
        return (304, None, fields) if headers.get("If-None-Match") == etag else (200, text, fields)
