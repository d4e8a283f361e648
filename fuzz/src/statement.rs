//! Software statements.

use std::sync::LazyLock;

use admission::software_statement::verify;
use admission::{Rejection, TrustedIssuer};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use protocol::values::STATEMENT_MAX;
use protocol::{Issuer, Timestamp};
use serde_json::Value;

const DIRECTORY: &str = "https://directory.example";
const AUDIENCE: &str = "https://op.example";

/// 2027-01-15T08:00:00Z.
const NOW: i64 = 1_800_000_000;

/// The key pair of RFC 8037, appendix A.1.
const PUBLIC: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
const PRIVATE: &str = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v_VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g";

struct StatementIssuer {
    key: EncodingKey,
    trusted: [TrustedIssuer; 1],
    audience: Issuer,
}

static DIRECTORY_KEYS: LazyLock<StatementIssuer> = LazyLock::new(|| {
    keys::install();
    StatementIssuer {
        key: EncodingKey::from_ed_der(&URL_SAFE_NO_PAD.decode(PRIVATE).expect("base64url")),
        trusted: [TrustedIssuer::new(DIRECTORY.to_owned(), PUBLIC).expect("a JWK Set")],
        audience: Issuer::parse(AUDIENCE).expect("an issuer"),
    }
});

/// No statement is accepted but the directory's, and those only with the right type, and with our audience and a valid period if they
/// have claims about them.
///
/// The bytes are a statement; they are also, cut at the first line's end, a header and claims for the directory to sign.
pub fn holds(bytes: &[u8]) {
    let directory = &*DIRECTORY_KEYS;
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if read(text).is_ok() {
        let (signed, signature) = text.rsplit_once('.').expect("three parts");
        assert_eq!(
            crypto::sign(signed.as_bytes(), &directory.key, Algorithm::EdDSA).expect("a signature"),
            signature,
            "forged: {text}"
        );
    }

    let (header, claims) = text
        .split_once('\n')
        .unwrap_or((r#"{"alg":"EdDSA"}"#, text));
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let signature =
        crypto::sign(signed.as_bytes(), &directory.key, Algorithm::EdDSA).expect("a signature");
    let statement = format!("{signed}.{signature}");
    match read(&statement) {
        Ok(believed) => {
            assert!(statement.len() <= STATEMENT_MAX);
            let [header, claims] =
                [header, claims].map(|text| serde_json::from_str::<Value>(text).expect("JSON"));
            assert_eq!(
                Value::Object(believed),
                claims,
                "the claims are what was signed"
            );
            assert!(
                header
                    .get("alg")
                    .is_some_and(|algorithm| algorithm == "EdDSA")
                    && header.get("crit").is_none(),
                "{header}"
            );
            in_force(&claims);
        }
        Err(refused) => assert!(
            matches!(
                refused,
                Rejection::Statement(_) | Rejection::UntrustedStatement
            ),
            "{refused:?}"
        ),
    }
    let of_something_else =
        crypto::sign(claims.as_bytes(), &directory.key, Algorithm::EdDSA).expect("a signature");
    assert!(
        read(&format!("{signed}.{of_something_else}")).is_err(),
        "{signed}"
    );
}

fn read(statement: &str) -> Result<protocol::Object, Rejection> {
    let directory = &*DIRECTORY_KEYS;
    verify(
        statement,
        &directory.trusted,
        &directory.audience,
        Timestamp::from_seconds(NOW),
    )
}

fn in_force(claims: &Value) {
    let claim = |name: &str| claims.get(name).unwrap_or(&Value::Null);
    let number = |name: &str| claim(name).as_f64();
    assert_eq!(claim("iss"), DIRECTORY);
    let to_us = claim("aud") == AUDIENCE
        || claim("aud")
            .as_array()
            .is_some_and(|several| several.iter().any(|one| one == AUDIENCE));
    assert!(claims.get("aud").is_none() || to_us, "{claims}");
    let (now, leeway) = (1_800_000_000.0, 60.0);
    assert!(
        claims.get("exp").is_none() || number("exp").is_some_and(|exp| exp > now - leeway),
        "{claims}"
    );
    assert!(
        claims.get("iat").is_none() || number("iat").is_some_and(|iat| iat < now + leeway + 1.0),
        "{claims}"
    );
    assert!(
        claims.get("nbf").is_none() || number("nbf").is_some_and(|nbf| nbf < now + leeway + 1.0),
        "{claims}"
    );
}
