//! The program that converts clients of WSO2 Identity Server 5.3.0, with rows that its page does not show.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::root;

const HEADS: &str = "CONSUMER_KEY,CONSUMER_SECRET,USERNAME,TENANT_ID,APP_NAME,OAUTH_VERSION,CALLBACK_URL,GRANT_TYPES,APP_STATE\n";

/// Runs it; returns its exit code, the lines of its output, and its messages.
fn converted(table: &str, flags: &[&str]) -> (Option<i32>, Vec<Value>, String) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("clients.csv");
    fs::write(&file, table).unwrap();
    let output = Command::new("python3")
        .arg(root().join("docs/recipes/wso2/clients.py"))
        .args(["--issuer", "https://login.example.com"])
        .args(flags)
        .arg(&file)
        .output()
        .unwrap();
    let lines = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let said = String::from_utf8(output.stderr)
        .unwrap()
        .replace(&file.display().to_string(), "clients.csv");
    (output.status.code(), lines, said)
}

fn metadata(line: &Value) -> Value {
    serde_json::from_str(line["metadata"].as_str().unwrap()).unwrap()
}

/// A WSO2 client that cannot be converted is reported by name and left out.
#[test]
fn unusable_wso2_client_is_left_out() {
    let table = format!(
        "{HEADS}old,s,admin,-1234,admin_Old,OAuth-1.0a,https://a.example/cb,,ACTIVE\n\
         gone,s,admin,-1234,admin_Gone,OAuth-2.0,https://a.example/cb,authorization_code,REVOKED\n\
         theirs,s,bob,1,bob_App,OAuth-2.0,https://a.example/cb,authorization_code,ACTIVE\n"
    );
    let left =
        "old: left out: it is a client of OAuth-1.0a\ngone: left out: its state is REVOKED\n";
    let theirs = "theirs: left out: name the issuer of its tenant with --tenant 1=ISSUER\n";
    assert_eq!(
        converted(&table, &[]),
        (
            Some(1),
            vec![],
            format!("{left}{theirs}0 carried, 3 left out\n")
        )
    );
    let (code, lines, said) =
        converted(&table, &["--tenant", "1=https://login.example.com/t/acme"]);
    assert_eq!(
        (code, said),
        (Some(1), format!("{left}1 carried, 2 left out\n"))
    );
    assert_eq!(
        (&lines[0]["client_id"], &lines[0]["provider"]),
        (&json!("theirs"), &json!("https://login.example.com/t/acme"))
    );
}

/// A converted WSO2 client stays public or native, and the same table gives the same lines.
#[test]
fn wso2_conversion_is_repeatable() {
    let table = format!(
        "{HEADS}public,,,-1234,App,OAuth-2.0,com.example.app:/cb,authorization_code,ACTIVE\n\
         loopback,s,admin,-1234,admin_Tool,OAuth-2.0,http://127.0.0.1:8080/cb,authorization_code implicit,ACTIVE\n"
    );
    let (code, lines, said) = converted(&table, &[]);
    assert_eq!((code, said.as_str()), (Some(0), "2 carried, 0 left out\n"));
    let [public, loopback] = &lines[..] else {
        panic!("{lines:?}")
    };
    assert_eq!(
        (
            public.get("client_secret"),
            &public["owner"],
            &public["composed_name"]
        ),
        (None, &Value::Null, &Value::Null)
    );
    let (public, tool) = (metadata(public), metadata(loopback));
    assert_eq!(
        (
            &public["token_endpoint_auth_method"],
            &public["application_type"]
        ),
        (&json!("none"), &json!("native"))
    );
    assert_eq!(
        (&loopback["client_secret"], &loopback["composed_name"]),
        (&json!("s"), &json!("admin_Tool"))
    );
    assert_eq!(
        (&tool["application_type"], &tool["client_name"]),
        (&json!("native"), &json!("admin_Tool"))
    );
    assert_eq!(
        tool["response_types"],
        json!(["code", "id_token", "id_token token", "token"])
    );
    let digests = |lines: &[Value]| {
        lines
            .iter()
            .map(|line| line["token_digest"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(digests(&converted(&table, &[]).1), digests(&lines));
}

#[test]
fn a_table_of_wso2_without_its_columns_is_refused() {
    let (code, lines, said) = converted("CONSUMER_KEY,USERNAME\nx,admin\n", &[]);
    let missing =
        "CONSUMER_SECRET, TENANT_ID, APP_NAME, OAUTH_VERSION, CALLBACK_URL, GRANT_TYPES, APP_STATE";
    assert_eq!(
        (code, lines, said),
        (
            Some(1),
            vec![],
            format!("clients.csv has no column {missing}\n")
        )
    );
}

/// A table printed by `SELECT *` is read, from databases that write NULL out, with the values of
/// the WSO2 web service.
#[test]
fn wso2_table_of_any_database_is_read() {
    let heads = "ID,CONSUMER_KEY,CONSUMER_SECRET,USERNAME,TENANT_ID,USER_DOMAIN,APP_NAME,OAUTH_VERSION,CALLBACK_URL,GRANT_TYPES,\
                 PKCE_MANDATORY,PKCE_SUPPORT_PLAIN,APP_STATE,USER_ACCESS_TOKEN_EXPIRE_TIME\n";
    let table = format!(
        "{heads}1,one,s,admin,-1234,PRIMARY,playground2,2.0,http://localhost:8080/playground2/oauth2client,NULL,0,0,ACTIVE,3600\n\
         2,two,\\N,admin,-1234,\\N,App,OAuth-2.0,com.example.app:/cb,authorization_code,1,0,ACTIVE,3600\n\
         3,three,s,alice,-1234,LDAP,alice_App,OAuth-2.0,https://a.example/cb,authorization_code,0,0,ACTIVE,3600\n\
         4,four,s,bob@example.com,-1234,PRIMARY,App,OAuth-2.0,https://a.example/cb,authorization_code,0,0,ACTIVE,3600\n"
    );
    let (code, lines, said) = converted(&table, &[]);
    let theirs = "three: is carried without an owner: alice is a name of the user store LDAP\n";
    let no_name = "four: is carried without an owner: bob@example.com cannot be the name of an account\n4 carried, 0 left out\n";
    assert_eq!((code, said), (Some(0), format!("{theirs}{no_name}")));
    let [one, two, three, four] = &lines[..] else {
        panic!("{lines:?}")
    };
    assert_eq!(metadata(one)["grant_types"], json!(["authorization_code"]));
    assert_eq!(
        (
            two.get("client_secret"),
            &metadata(two)["token_endpoint_auth_method"]
        ),
        (None, &json!("none"))
    );
    assert_eq!(
        (&two["owner"], &three["owner"], &three["composed_name"]),
        (&json!("admin"), &Value::Null, &Value::Null)
    );
    assert_eq!(
        (&four["owner"], &four["composed_name"]),
        (&Value::Null, &Value::Null)
    );
}
