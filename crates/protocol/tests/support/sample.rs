//! A value for each row of a table, made from what the row says of itself.

use protocol::MemberRow;
use serde_json::{Value, json};

/// A value in the form of the row's member.
pub fn of(row: &MemberRow) -> Value {
    let one = match row.shape {
        "boolean" => json!(true),
        "number of seconds" => json!(3600),
        "http or https URL" | "https URL" | "URI" => json!("https://rp.example/path"),
        "JWT" => json!("eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl"),
        "JWK Set" => json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": "eA", "y": "eQ" }] }),
        "IP address" => json!("192.0.2.1"),
        "language tag" => json!("de-CH"),
        "object" => json!({ "member": ["kept"] }),
        "space-separated string" => json!("one two"),
        "string" => json!("value"),
        shape => panic!("{} has a shape without a sample: {shape}", row.name),
    };
    if row.list { json!([one]) } else { one }
}
