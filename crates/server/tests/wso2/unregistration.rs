//! Letting a client go by its identifier, user and name.

use serde_json::{Value, json};

use crate::support::PASSWORD;
use crate::{BASIC, door, id, plain, register, setup, unregister};

/// A client is unregistered by its identifier, its user and its name together.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn unregistration_needs_all_three_values() {
    let server = setup().start();
    server.account("alice", "registrar");
    server.account("bob", "registrar");
    let client = door(&server)
        .basic("alice", PASSWORD)
        .json(&plain("Shop"))
        .send()
        .created();
    let owned = register(
        &server,
        &json!({ "client_name": "Shop", "grant_types": ["password"], "ext_param_owner": "alice" }),
    )
    .created();
    let stays = || {
        assert_eq!(server.manage("GET", &client).send().ok(), client);
        assert_eq!(server.manage("GET", &owned).send().ok(), owned);
    };

    let ids = [id(&client), id(&owned), "unknown", "with/slash", "%00"];
    for (caller, client, query) in [
        ("alice", ids[0], "?userId=bob&applicationName=Shop"),
        ("alice", ids[0], "?userId=admin&applicationName=Shop"),
        ("alice", ids[0], "?userId=Alice&applicationName=Shop"),
        ("alice", ids[0], "?userId=alice@acme&applicationName=Shop"),
        ("alice", ids[0], "?userId=alice&applicationName=shop"),
        ("alice", ids[0], "?userId=alice&applicationName=alice_Shop"),
        ("alice", ids[1], "?userId=alice&applicationName=Shop"),
        ("alice", ids[2], "?userId=alice&applicationName=Shop"),
        ("alice", ids[3], "?userId=alice&applicationName=Shop"),
        ("alice", ids[4], "?userId=alice&applicationName=Shop"),
        ("bob", ids[0], "?userId=bob&applicationName=Shop"),
        ("bob", ids[0], "?userId=alice&applicationName=Shop"),
        ("admin", ids[0], "?userId=bob&applicationName=Shop"),
        ("admin", ids[0], "?userId=alice&applicationName=Other"),
        ("admin", ids[1], "?userId=admin&applicationName=Shop"),
        ("admin", ids[2], "?userId=admin&applicationName=Shop"),
    ] {
        let refusal = unregister(&server, client, query)
            .basic(caller, PASSWORD)
            .send();
        assert_eq!(
            refusal.expect(403),
            json!({ "error": "access_denied", "error_description": "No client of this account matches client_id, userId and applicationName." }),
            "{caller} {client} {query}"
        );
        stays();
    }

    for (query, missing) in [
        ("", "userId"),
        ("?applicationName=Shop", "userId"),
        ("?userId=&applicationName=Shop", "userId"),
        ("?userId=%20&applicationName=Shop", "userId"),
        ("?userid=alice&applicationName=Shop", "userId"),
        ("?userId=alice&userId=alice&applicationName=Shop", "userId"),
        ("?userId=alice", "applicationName"),
        ("?userId=alice&applicationName=", "applicationName"),
        ("?userId=alice&applicationName=+", "applicationName"),
        (
            "?userId=alice&applicationName=Shop&applicationName=Other",
            "applicationName",
        ),
    ] {
        let refusal = unregister(&server, ids[0], query)
            .basic("alice", PASSWORD)
            .send();
        let sentence = format!("The query must have {missing}, once, and not blank.");
        assert_eq!(
            refusal.expect(400),
            json!({ "error": "invalid_request", "error_description": sentence }),
            "{query}"
        );
    }
    stays();

    let query = "?userId=alice&applicationName=Shop";
    let nothing = unregister(&server, ids[0], query).send();
    nothing.refused(401, "invalid_token");
    assert_eq!(nothing.headers("www-authenticate"), [BASIC]);
    let token = format!(
        "Bearer {}",
        server.ran(&["token", "issue", "--owner", "alice"]).trim()
    );
    let own_token = format!(
        "Bearer {}",
        client["registration_access_token"].as_str().unwrap()
    );
    for credentials in [
        "Basic YWxpY2U6d3Jvbmc=",
        "Basic bm9ib2R5Om5vdGhpbmc=",
        "Basic",
        "Digest x",
        &token,
        &own_token,
    ] {
        let wrong = unregister(&server, ids[0], query)
            .header("Authorization", credentials)
            .send();
        wrong.refused(401, "invalid_token");
        assert_eq!(wrong.headers("www-authenticate"), [BASIC], "{credentials}");
    }
    stays();

    let gone = unregister(&server, ids[0], query)
        .basic("alice", PASSWORD)
        .send();
    gone.deleted();
    assert_eq!(gone.header("pragma"), Some("no-cache"));
    server
        .manage("GET", &client)
        .send()
        .refused(401, "invalid_token");
    unregister(&server, ids[0], query)
        .basic("alice", PASSWORD)
        .send()
        .refused(403, "access_denied");
    unregister(&server, ids[1], "?userId=alice&applicationName=alice_Shop")
        .header(
            "Authorization",
            "Basic: YWxpY2U6Y29ycmVjdCBob3JzZTpiYXR0ZXJ5",
        )
        .send()
        .deleted();
    assert_eq!(server.clients(), Vec::<Value>::new());
}

/// An administrator acts for itself and for the owner of the client.
#[test]
fn administrator_unregisters_any_client() {
    let server = setup().start();
    server.account("alice", "registrar");
    let token = server.ran(&["token", "issue"]);
    let alices = || {
        door(&server)
            .basic("alice", PASSWORD)
            .json(&plain("Shop"))
            .send()
            .created()
    };
    let nobodys = door(&server)
        .bearer(token.trim())
        .json(&plain("Shop"))
        .send()
        .created();
    for (client, user) in [(alices(), "alice"), (alices(), "admin"), (nobodys, "admin")] {
        unregister(
            &server,
            id(&client),
            &format!("?userId={user}&applicationName=Shop"),
        )
        .admin()
        .send()
        .deleted();
        server
            .manage("GET", &client)
            .send()
            .refused(401, "invalid_token");
    }
    assert_eq!(server.clients(), Vec::<Value>::new());
}

/// RFC 7592 §2: all endpoints share one store.
#[test]
fn clients_are_shared_by_all_endpoints() {
    let server = setup().start();
    let asked = json!({ "client_name": "Shop", "redirect_uris": "https://rp.example/cb", "ext_param_owner": "owner" });
    let client = register(&server, &asked).created();
    assert_eq!(server.manage("GET", &client).send().ok(), client);
    let update = json!({ "client_id": id(&client), "client_name": "Renamed", "redirect_uris": ["https://rp.example/other"] });
    let updated = server.manage("PUT", &client).json(&update).send().ok();
    assert_eq!(
        (&updated["client_name"], &updated["redirect_uris"]),
        (&json!("Renamed"), &json!(["https://rp.example/other"]))
    );
    // The composed name is settled at registration.
    unregister(
        &server,
        id(&client),
        "?userId=owner&applicationName=Renamed",
    )
    .admin()
    .send()
    .refused(403, "access_denied");
    let equal = register(&server, &asked).created();
    unregister(
        &server,
        id(&client),
        "?userId=owner&applicationName=owner_Shop",
    )
    .admin()
    .send()
    .deleted();

    assert_eq!(server.manage("GET", &equal).send().ok(), equal);

    let again = register(&server, &asked).created();
    server.manage("DELETE", &again).send().deleted();
    unregister(
        &server,
        id(&again),
        "?userId=owner&applicationName=owner_Shop",
    )
    .admin()
    .send()
    .refused(403, "access_denied");
    register(&server, &asked).created();

    let standard = server.client();
    unregister(
        &server,
        id(&standard),
        "?userId=admin&applicationName=A%20client",
    )
    .admin()
    .send()
    .deleted();
    server
        .manage("GET", &standard)
        .send()
        .refused(401, "invalid_token");
    let named = server
        .register(&json!({ "grant_types": ["password"], "client_name": "Größe & mehr" }))
        .created();
    unregister(
        &server,
        id(&named),
        "?applicationName=Gr%C3%B6%C3%9Fe+%26+mehr&userId=admin",
    )
    .admin()
    .send()
    .deleted();
}
