//! Imposed members, each row of the table once: a client has the value that its token imposes, not the one it sends.

use std::fmt::Write;

use protocol::{ClientMetadata, MemberRow};
use serde_json::{Map, Value, json};

use crate::support::{Setup, TestServer};
use crate::{issue, refused, register};

/// Members that are not imposed here: a statement never is (RFC 7591 §2.3), and a sector document would have to be fetched.
const APART: [&str; 2] = ["software_statement", "sector_identifier_uri"];

/// A provider that offers something in every list and meets every demand.
fn offering_everything() -> TestServer {
    let mut file =
        "[[provider]]\nissuer = \"http://localhost:9443\"\n[provider.metadata]\n".to_owned();
    let mut lists: Vec<&str> = ClientMetadata::ROWS
        .iter()
        .filter_map(|row| row.offered)
        .collect();
    lists.sort_unstable();
    lists.dedup();
    for list in lists {
        let values = match list {
            "grant_types_supported" => r#"["authorization_code", "implicit", "refresh_token"]"#,
            "response_types_supported" => r#"["code", "id_token"]"#,
            "response_modes_supported" => r#"["query", "form_post"]"#,
            "scopes_supported" => r#"["openid", "email"]"#,
            "subject_types_supported" => r#"["public", "pairwise"]"#,
            "token_endpoint_auth_methods_supported" => {
                r#"["client_secret_basic", "client_secret_post", "private_key_jwt"]"#
            }
            "backchannel_token_delivery_modes_supported" => r#"["poll", "ping"]"#,
            _ if list.ends_with("_enc_values_supported") => r#"["A256GCM", "A128GCM"]"#,
            _ if list.contains("encryption_alg") => r#"["ECDH-ES", "RSA-OAEP"]"#,
            _ if list.contains("_alg_values") => r#"["ES256", "RS256"]"#,
            _ => r#"["one", "two"]"#,
        };
        writeln!(file, "{list} = {values}").unwrap();
    }
    file.push_str(
        "tls_client_certificate_bound_access_tokens = true\nrequest_parameter_supported = true\n",
    );
    file.push_str("request_uri_parameter_supported = true\nend_session_endpoint = \"http://localhost:9443/end\"\n");
    for channel in ["front", "back"] {
        writeln!(file, "{channel}channel_logout_supported = true").unwrap();
        writeln!(file, "{channel}channel_logout_session_supported = true").unwrap();
    }
    file.push_str("backchannel_user_code_parameter_supported = true\n");
    file.push_str("dpop_signing_alg_values_supported = [\"ES256\"]\n");
    file.push_str("pushed_authorization_request_endpoint = \"http://localhost:9443/par\"\n");
    file.push_str(
        "mtls_endpoint_aliases = { token_endpoint = \"https://mtls.op.example/token\" }\n",
    );
    Setup::new().file(&file).start()
}

/// Two values of a row: the imposed one, and another that a client would rather have.
fn values(row: &MemberRow) -> [Value; 2] {
    let key = |kid: &str| json!({ "keys": [{ "kty": "new", "kid": kid }] });
    let [imposed, other] = match row.name {
        "jwks" => return [key("imposed"), key("other")],
        "grant_types" => {
            return [
                json!(["authorization_code"]),
                json!(["authorization_code", "refresh_token"]),
            ];
        }
        "response_types" => return [json!(["code"]), json!(["id_token"])],
        "response_modes" => ["query", "form_post"],
        "application_type" => ["native", "web"],
        "token_endpoint_auth_method" | "token_endpoint_auth_methods_supported" => {
            ["client_secret_post", "client_secret_basic"]
        }
        "scope" => ["openid", "openid email"],
        "subject_type" | "subject_types_supported" => ["pairwise", "public"],
        "backchannel_token_delivery_mode" => ["poll", "ping"],
        name if name.ends_with("_enc") || name.ends_with("_enc_values_supported") => {
            ["A256GCM", "A128GCM"]
        }
        name if name.contains("encrypt") && name.contains("_alg") => ["ECDH-ES", "RSA-OAEP"],
        name if name.contains("_alg") => ["ES256", "RS256"],
        _ if row.offered.is_some() => ["one", "two"],
        _ => match row.shape {
            "boolean" => return [json!(true), json!(false)],
            "number of seconds" => return [json!(600), json!(1)],
            "http or https URL" | "https URL" | "URI" => {
                ["https://rp.example/imposed", "https://rp.example/other"]
            }
            "IP address" => ["192.0.2.1", "192.0.2.2"],
            _ => ["imposed", "other"],
        },
    };
    let one = |text: &str| if row.list { json!([text]) } else { json!(text) };
    [one(imposed), one(other)]
}

/// The members beside which a member can be agreed to.
fn beside(name: &str) -> Map<String, Value> {
    let mut members = json!({ "redirect_uris": ["https://rp.example/cb"] });
    if name != "jwks" {
        members["jwks_uri"] = "https://rp.example/jwks".into();
    }
    if name == "token_endpoint_auth_signing_alg" {
        members["token_endpoint_auth_method"] = "private_key_jwt".into();
    }
    members.as_object().unwrap().clone()
}

/// RFC 7591 §3.2.1: a server replaces every value that a client sends of an imposed member: none,
/// null, an empty list, another value, or a value with a language tag. An update cannot escape it
/// (RFC 7592 §2.2).
#[test]
fn imposed_members_override_every_value() {
    let server = offering_everything();
    let mut tried = 0;
    let rows = || {
        ClientMetadata::ROWS
            .iter()
            .filter(|row| !APART.contains(&row.name) && !row.is_choices())
    };
    for row in rows() {
        let [imposed, other] = values(row);
        let mut terms = json!({ row.name: imposed });
        if let Some(needed) = row.needs {
            let needed = ClientMetadata::ROWS
                .iter()
                .find(|row| row.name == needed)
                .unwrap();
            terms[needed.name] = values(needed)[0].clone();
        }
        let token = issue(&server, &["--metadata", &terms.to_string()]);
        let body = |name: &str, value: Option<Value>| {
            let mut body = beside(row.name);
            body.remove(name);
            body.extend(value.map(|value| (name.to_owned(), value)));
            Value::Object(body)
        };
        let tagged = format!("{}#de", row.name);
        let mut bodies = vec![
            body(row.name, None),
            body(row.name, Some(Value::Null)),
            body(row.name, Some(other.clone())),
        ];
        bodies.push(body(&tagged, Some(other.clone())));
        if row.list {
            bodies.push(body(row.name, Some(json!([]))));
        } else if row.shape != "boolean" && row.shape != "number of seconds" && row.name != "jwks" {
            bodies.push(body(row.name, Some(json!(""))));
        }
        let mut client = Value::Null;
        for body in bodies {
            client = register(&server, &token, &body).created();
            assert_eq!(
                (&client[row.name], client.get(&tagged)),
                (&imposed, None),
                "{}: {body}",
                row.name
            );
        }
        let mut update = body(row.name, Some(other));
        update["client_id"] = client["client_id"].clone();
        let updated = server.manage("PUT", &client).json(&update).send().ok();
        assert_eq!(
            (&updated[row.name], updated.get(&tagged)),
            (&imposed, None),
            "{}",
            row.name
        );
        tried += 1;
    }
    assert_eq!(tried, rows().count());
}

/// OIDC RP Metadata Choices §2: imposed choices decide about the member that they are for, and replace what a client sends of either.
#[test]
fn imposed_choices_override_every_value() {
    let server = offering_everything();
    let mut tried = 0;
    for row in ClientMetadata::ROWS.iter().filter(|row| !row.list) {
        let list = ClientMetadata::ROWS
            .iter()
            .find(|list| list.is_choices() && list.offered == row.offered);
        let Some(list) = list else { continue };
        let [imposed, other] = values(row);
        let mut terms = json!({ list.name: [imposed] });
        let mut body = Value::Object(beside(row.name));
        if let Some(needed) = row.needs {
            let needed = ClientMetadata::ROWS
                .iter()
                .find(|row| row.name == needed)
                .unwrap();
            terms[needed.name] = values(needed)[0].clone();
        }
        let token = issue(&server, &["--metadata", &terms.to_string()]);
        for more in [
            json!({}),
            json!({ row.name: other }),
            json!({ list.name: [other] }),
            json!({ row.name: other, list.name: [] }),
        ] {
            body.as_object_mut().unwrap().shift_remove(list.name);
            body.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            let client = register(&server, &token, &body).created();
            assert_eq!(
                (&client[row.name], client.get(list.name)),
                (&imposed, None),
                "{body}"
            );
        }
        tried += 1;
    }
    assert!(tried > 15, "{tried}");
}

/// RFC 7592 §2.2: `null` and `""` are no values, so that they cannot be imposed; issued members and
/// U+0000 cannot be imposed either.
#[test]
fn imposed_members_have_values() {
    let server = offering_everything();
    for row in ClientMetadata::ROWS {
        for nothing in [Value::Null, json!("")] {
            let told = refused(
                &server,
                &[
                    "token",
                    "issue",
                    "--metadata",
                    &json!({ row.name: nothing }).to_string(),
                ],
            );
            assert_eq!(
                told,
                format!("--metadata must have a value for {}", row.name)
            );
        }
    }
    for metadata in [
        r#"{"client_name":"\u0000"}"#,
        r#"{"jwks":{"keys":[{"kty":"new","a\u0000":1}]}}"#,
    ] {
        let told = refused(&server, &["token", "issue", "--metadata", metadata]);
        assert!(
            told.starts_with("--metadata has the character U+0000 at line 1, column "),
            "{told}"
        );
    }
    for (metadata, told) in [
        (
            r#"{"redirect_uris":["https://rp.example/cb?code=1"]}"#,
            "redirect_uris has an element that has a query parameter code",
        ),
        (
            r#"{"client_name":"\u2028"}"#,
            "client_name must not have line separators or invisible characters",
        ),
    ] {
        let said = refused(&server, &["token", "issue", "--metadata", metadata]);
        assert!(
            said.starts_with(&format!("--metadata is not client metadata: {told}")),
            "{said}"
        );
    }
    assert!(crate::tokens(&server).is_empty());
}
