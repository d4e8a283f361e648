"""Every operation of docs/openapi.json, with requests that schemathesis makes of it: what the description allows and what it
forbids, with credentials and without. Every answer is one the description has, in its form, and nothing makes the server fail."""

import os

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from steps import OPEN, PROTECTED, TOKEN, run, same

DESCRIPTION = schemathesis.openapi.from_path(os.environ["DESCRIPTION"])

ACCOUNT = requests.auth._basic_auth_str("admin", os.environ["PASSWORD"])

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    negative_data_rejection,
]

WANTED = {200, 201, 204, 304, 400, 401, 404}
"""Without answers of each of these, not much was tried."""


def requests_of(operation):
    """How many requests are made of each kind: more where there is a body to vary."""
    return 20 if operation.body else 5


class Server:
    """A server, and who may do what there."""

    def __init__(self, access, issuer, management, caller):
        self.access, self.issuer, self.management, self.caller = access, issuer, management, caller
        self.session = requests.Session()
        self.seen = set()

    def address(self, operation):
        return self.management if operation.tags == ["operation"] else self.issuer

    def client(self):
        """A client of this server's, for requests that need one."""
        asked = {"redirect_uris": ["https://client.example/callback"], "client_name": "Example"}
        answer = self.session.post(f"{self.issuer}/register", json=asked, headers=self.caller)
        answer.raise_for_status()
        return answer.json()

    def permit(self, case):
        """Lets a request be made by whoever may make it."""
        tag, path = case.operation.tags[0], case.operation.path
        if tag == "registration":
            case.headers.update(self.caller)
            if is_allowed(case) and isinstance(case.body, dict):
                case.body["redirect_uris"] = ["https://client.example/callback"]
        elif tag == "management":
            client = self.client()
            case.path_parameters["client_id"] = client["client_id"]
            case.headers["Authorization"] = f"Bearer {client['registration_access_token']}"
            if is_allowed(case) and isinstance(case.body, dict):
                case.body["client_id"] = client["client_id"]
                case.body.pop("client_secret", None)
        elif tag == "wso2":
            case.headers["Authorization"] = ACCOUNT
            if "{client_id}" in path and is_allowed(case):
                case.path_parameters["client_id"] = self.client()["client_id"]
                case.query.update(userId="admin", applicationName="Example")


def is_allowed(case):
    return case.meta.generation.mode == GenerationMode.POSITIVE


def attempt(server, operation, mode):
    """Some requests of one kind, always the same ones."""
    checks = CHECKS if operation.method.upper() == "HEAD" else [*CHECKS, response_schema_conformance]

    @seed(20)
    @settings(max_examples=requests_of(operation), deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode), permitted=st.sampled_from([True, False]))
    def examine(case, permitted):
        case.headers.pop("Authorization", None)
        if permitted:
            server.permit(case)
        answer = case.call_and_validate(base_url=server.address(operation), session=server.session, checks=checks)
        server.seen.add(answer.status_code)

    try:
        examine()
    except BaseExceptionGroup as failures:  # schemathesis's own are no Exceptions
        told = [f"{type(failure).__name__}: {failure}" for failure in failures.exceptions]
        raise AssertionError("; ".join(told)) from None


def forbids(operation):
    """Whether there is a request that the description forbids: one with a wrong body, or without a parameter."""
    return bool(operation.body) or any(parameter.is_required for parameter in operation.query)


def journey(server, operation):
    def go(step):
        with step("what is allowed"):
            attempt(server, operation, GenerationMode.POSITIVE)
        if forbids(operation):
            with step("what is forbidden"):
                attempt(server, operation, GenerationMode.NEGATIVE)

    return go


def answers(server):
    def go(step):
        with step("every kind of answer was seen"):
            same(WANTED - server.seen, set())

    return go


if __name__ == "__main__":
    servers = [
        Server("open", OPEN, os.environ["OPEN_MANAGEMENT"], {}),
        Server("protected", PROTECTED, os.environ["PROTECTED_MANAGEMENT"], {"Authorization": f"Bearer {TOKEN}"}),
    ]
    operations = [operation.ok() for operation in DESCRIPTION.get_all_operations()]
    journeys = {f"{server.access} {operation.label}": journey(server, operation) for server in servers for operation in operations}
    journeys |= {server.access: answers(server) for server in servers}
    run("schemathesis", journeys)
