"""The adapter by itself, against a lookup in memory."""

import os
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

import requests
from fake_lookup import CHECK, READ, FakeLookup
from frontdesk_authlib import ClientDisabled, ClientRefused, FrontdeskClients, LookupUnavailable

ISSUER = "https://login.example.com"
CLIENT = {
    "client_name": "Wiki",
    "redirect_uris": ["https://wiki.example.com/cb"],
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code", "id_token token"],
    "token_endpoint_auth_method": "client_secret_basic",
    "scope": "openid profile",
    "client_secret": "s1",
    "client_secret_expires_at": 0,
}


class LookupCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lookup = FakeLookup(ISSUER)
        cls.addClassCleanup(cls.lookup.stop)

    def setUp(self):
        self.lookup.reset()
        self.lookup.clients["c1"] = dict(CLIENT)

    def clients(self, **options):
        options = {"token": READ} | options
        return FrontdeskClients(self.lookup.at, ISSUER, **options)

    def statuses(self):
        return [status for _, _, status in self.lookup.requests]

    def unavailable(self, cause, act, *arguments):
        with self.assertRaises(LookupUnavailable) as raised:
            act(*arguments)
        self.assertEqual(raised.exception.cause, cause)


class Queries(LookupCase):
    def test_client_is_that_of_the_lookup(self):
        client = self.clients().query_client("c1")
        self.assertEqual(client.client_metadata, {"client_id": "c1", **CLIENT})
        self.assertEqual(client.get_client_id(), "c1")
        self.assertEqual(client.client_name, "Wiki")
        self.assertNotIn("s1", repr(client))

    def test_identifier_that_is_a_url_goes_into_the_query(self):
        self.lookup.clients["https://app.example/client?a=b&c"] = dict(CLIENT)
        self.assertEqual(self.clients().query_client("https://app.example/client?a=b&c").client_name, "Wiki")

    def test_every_query_revalidates(self):
        clients = self.clients()
        clients.query_client("c1").redirect_uris.append("https://evil.example/")
        clients.query_client("c1").client_metadata["redirect_uris"].append("https://evil.example/")
        self.assertEqual(clients.query_client("c1").redirect_uris, CLIENT["redirect_uris"])
        self.lookup.clients["c1"]["client_name"] = "Other"
        self.assertEqual(clients.query_client("c1").client_name, "Other")
        del self.lookup.clients["c1"]
        self.assertIsNone(clients.query_client("c1"))
        self.assertEqual(self.statuses(), [200, 304, 304, 200, 404])

    def test_answer_with_max_age_is_used_for_that_time(self):
        self.lookup.max_age = 60
        clients = self.clients()
        clients.query_client("c1")
        self.assertEqual(clients.query_client("c1").client_name, "Wiki")
        self.assertEqual(self.statuses(), [200])

    def test_number_of_kept_clients_is_bounded(self):
        self.lookup.clients |= {"c2": dict(CLIENT), "c3": dict(CLIENT)}
        clients = self.clients(keep=2)
        for client in ["c1", "c2", "c1", "c3", "c1", "c2"]:
            clients.query_client(client)
        self.assertEqual(self.statuses(), [200, 200, 304, 200, 304, 200])

    def test_unknown_and_deleted_clients_are_none(self):
        self.lookup.clients["gone"] = {"status": 410, "body": {"error": "not_found", "reason": "deleted"}}
        self.assertIsNone(self.clients().query_client("other"))
        self.assertIsNone(self.clients().query_client("gone"))

    def test_disabled_client_is_unauthorized(self):
        self.lookup.clients["c1"] = {"status": 403, "body": {"error": "access_denied", "reason": "disabled"}}
        with self.assertRaises(ClientDisabled) as raised:
            self.clients().query_client("c1")
        self.assertEqual(raised.exception.error, "unauthorized_client")
        self.assertEqual(raised.exception.reason, "disabled")

    def test_refused_document_is_unauthorized(self):
        body = {"error": "invalid_client_metadata", "reason": "refused"}
        for more, member, words in [({"member": "jwks_uri"}, "jwks_uri", ": jwks_uri."), ({}, None, "accepted.")]:
            self.lookup.clients["c1"] = {"status": 422, "body": body | more}
            with self.assertRaises(ClientRefused) as raised:
                self.clients().query_client("c1")
            self.assertEqual((raised.exception.error, raised.exception.status_code), ("unauthorized_client", 400))
            self.assertEqual(raised.exception.member, member)
            self.assertTrue(dict(raised.exception.get_body())["error_description"].endswith(words))

    def test_other_answers_are_never_an_unknown_client(self):
        clients = self.clients()
        clients.query_client("c1")
        for fault, cause in [
            ((503, {"error": "temporarily_unavailable"}), "the lookup answered 503 temporarily_unavailable"),
            ((422, {"error": "other"}), "the lookup answered 422 other"),
            ((403, {"error": "insufficient_scope"}), "the lookup answered 403 insufficient_scope"),
            ((404, "<h1>Not Found</h1>"), "the lookup answered 404"),
            ((302, ""), "the lookup answered 302"),
            ((200, "[]"), "the lookup answered with something that is not a JSON object"),
            ((200, {"client_id": "c2"}), "the lookup answered with another client"),
        ]:
            self.lookup.fault = fault
            self.unavailable(cause, clients.query_client, "c1")
        self.lookup.fault = None
        self.unavailable("the lookup answered 401 invalid_token", self.clients(token="wrong").query_client, "c1")
        away = FrontdeskClients("http://127.0.0.1:1", ISSUER, token=READ)
        self.unavailable("the lookup does not answer", away.query_client, "c1")

    def test_lookup_that_hangs_is_given_up(self):
        session = mock.Mock(spec=requests.Session)
        session.request.side_effect = requests.ReadTimeout
        self.unavailable("the lookup does not answer", self.clients(session=session, timeout=0.5).query_client, "c1")
        self.assertEqual(session.request.call_args.kwargs["timeout"], 0.5)

    def test_token_file_is_read_at_each_request(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "token"
            clients = self.clients(token=None, token_file=file)
            self.unavailable("the file of the lookup token cannot be read", clients.query_client, "c1")
            file.write_text("wrong\n")
            self.unavailable("the lookup answered 401 invalid_token", clients.query_client, "c1")
            file.write_text(f"{READ}\n")
            self.assertEqual(clients.query_client("c1").client_name, "Wiki")

    def test_netrc_does_not_replace_the_token(self):
        with tempfile.NamedTemporaryFile("w") as netrc, mock.patch.dict(os.environ, {"NETRC": netrc.name}):
            netrc.write("machine 127.0.0.1 login someone password else\n")
            netrc.flush()
            self.assertEqual(self.clients().query_client("c1").client_name, "Wiki")

    def test_purpose_of_the_moment_is_asked_for(self):
        purposes = iter(["authorize", None])
        clients = self.clients(purpose=lambda: next(purposes))
        clients.query_client("c1")
        clients.query_client("c1")
        self.assertEqual(["purpose=authorize" in path for _, path, _ in self.lookup.requests], [True, False])

    def test_wrong_options_are_refused(self):
        for wrong in [{"token": None}, {"token_file": "x"}, {"timeout": 0}, {"keep": -1}]:
            with self.assertRaises(ValueError):
                self.clients(**wrong)
        with self.assertRaises(ValueError):
            FrontdeskClients(self.lookup.at, "", token=READ)


class Questions(LookupCase):
    def client(self, token=READ, **members):
        self.lookup.clients["c1"] = CLIENT | members
        return self.clients(token=token).query_client("c1")

    def test_secret_is_compared_where_it_can_be_read(self):
        client = self.client()
        self.assertTrue(client.check_client_secret("s1"))
        self.assertFalse(client.check_client_secret("s2"))
        self.assertFalse(client.check_client_secret(""))
        self.assertEqual(self.statuses(), [200])

    def test_secret_is_checked_at_the_lookup_otherwise(self):
        client = self.client(token=CHECK)
        self.assertNotIn("client_secret", client.client_metadata)
        self.assertTrue(client.check_client_secret("s1"))
        self.assertFalse(client.check_client_secret("s2"))
        self.assertEqual(self.statuses(), [200, 204, 401])
        self.lookup.fault = (403, {"error": "insufficient_scope"})
        self.unavailable("the lookup answered 403 insufficient_scope", client.check_client_secret, "s1")

    def test_expired_secret_is_refused(self):
        self.assertFalse(self.client(client_secret_expires_at=int(time.time()) - 1).check_client_secret("s1"))
        self.assertTrue(self.client(client_secret_expires_at=int(time.time()) + 60).check_client_secret("s1"))

    def test_previous_secret_counts_during_its_overlap(self):
        def overlap(seconds):
            return {"previous_client_secret": "s0", "previous_until": int(time.time()) + seconds}

        self.assertTrue(self.client(frontdesk=overlap(60)).check_client_secret("s0"))
        self.assertTrue(self.client(frontdesk=overlap(60)).check_client_secret("s1"))
        self.assertFalse(self.client(frontdesk=overlap(-1)).check_client_secret("s0"))

    def test_public_client_has_no_secret(self):
        self.assertFalse(self.client(token_endpoint_auth_method="none").check_client_secret("s1"))

    def test_redirect_uri_is_equal_or_judged_by_the_lookup(self):
        web = self.client()
        self.assertTrue(web.check_redirect_uri("https://wiki.example.com/cb"))
        self.assertFalse(web.check_redirect_uri("https://wiki.example.com/cb/"))
        self.assertEqual(self.statuses(), [200])
        pattern = "regexp=https://[a-z]+.example.com/cb"
        for members, allowed in [
            ({"application_type": "native", "redirect_uris": ["http://127.0.0.1/cb"]}, "http://127.0.0.1:5555/cb"),
            ({"redirect_uris": [pattern]}, "https://wiki.example.com/cb"),
        ]:
            client = self.client(**members, frontdesk={"allows": [allowed]})
            self.assertTrue(client.check_redirect_uri(allowed))
            self.assertFalse(client.check_redirect_uri("https://evil.example/cb"))
            self.assertFalse(client.check_redirect_uri(pattern))

    def test_default_redirect_uri_is_the_only_one(self):
        self.assertEqual(self.client().get_default_redirect_uri(), "https://wiki.example.com/cb")
        self.assertIsNone(self.client(redirect_uris=["https://a.example/", "https://b.example/"]).get_default_redirect_uri())
        self.assertIsNone(self.client(redirect_uris=["regexp=https://a.example/.*"]).get_default_redirect_uri())

    def test_scopes_are_those_that_were_agreed(self):
        self.assertEqual(self.client().get_allowed_scope("openid email profile"), "openid profile")
        self.assertEqual(self.client().get_allowed_scope(None), "")
        self.lookup.clients["c1"].pop("scope")
        self.assertEqual(self.clients().query_client("c1").get_allowed_scope("openid email"), "openid email")

    def test_types_and_methods_are_those_that_were_agreed(self):
        client = self.client()
        self.assertTrue(client.check_response_type("token id_token"))
        self.assertFalse(client.check_response_type("token"))
        self.assertTrue(client.check_grant_type("refresh_token"))
        self.assertFalse(client.check_grant_type("implicit"))
        self.assertTrue(client.check_endpoint_auth_method("client_secret_basic", "token"))
        self.assertFalse(client.check_endpoint_auth_method("none", "revocation"))


class Uses(LookupCase):
    def test_uses_are_reported_once(self):
        clients = self.clients()
        for client in ["c1", "c2", "c1"]:
            clients.used(client)
        clients.flush()
        clients.flush()
        self.assertEqual(self.lookup.uses, [{"issuer": ISSUER, "client_ids": ["c1", "c2"]}])

    def test_report_that_fails_goes_with_the_next_one(self):
        clients = self.clients()
        clients.used("c1")
        self.lookup.fault = (503, {"error": "temporarily_unavailable"})
        self.unavailable("the lookup answered 503 temporarily_unavailable", clients.flush)
        self.lookup.fault = None
        clients.used("c2")
        clients.flush()
        self.assertEqual(sorted(self.lookup.uses[0]["client_ids"]), ["c1", "c2"])

    def test_report_has_at_most_1000_identifiers(self):
        clients = self.clients()
        for number in range(1500):
            clients.used(f"c{number}")
        clients.flush()
        self.assertEqual([len(report["client_ids"]) for report in self.lookup.uses], [1000, 500])


if __name__ == "__main__":
    unittest.main()
