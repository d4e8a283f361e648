//! Software statements: signed claims of a third party about client software. RFC 7591 §2.3, RFC 8725.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey};
use protocol::json::{JsonLimits, read_object};
use protocol::values::STATEMENT_MAX;
use protocol::{ClientMetadata, Issuer, Object, Timestamp};
use serde_json::Value;

use crate::Rejection;

/// The maximum difference between the issuer's clock and ours, in seconds.
const LEEWAY: i64 = 60;

/// An issuer whose software statements are accepted, with its keys.
#[derive(Debug, Clone)]
pub struct TrustedIssuer {
    issuer: String,
    keys: Vec<TrustedKey>,
    required: Vec<RequiredClaim>,
}

/// A claim that RFC 7591 §2.3 leaves to the parties, and that a statement must have if its issuer is configured so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequiredClaim {
    /// The provider that the statement is for. RFC 7519 §4.1.3.
    Audience,
    /// The time after which the statement is not accepted. RFC 7519 §4.1.4.
    Expiration,
    /// The time before which the statement is not accepted. RFC 7519 §4.1.5.
    NotBefore,
    /// The time at which the statement was issued. RFC 7519 §4.1.6.
    IssuedAt,
}

impl RequiredClaim {
    /// Every claim that can be required.
    pub const ALL: [Self; 4] = [
        Self::Audience,
        Self::Expiration,
        Self::NotBefore,
        Self::IssuedAt,
    ];

    /// Returns the name of the claim.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Audience => "aud",
            Self::Expiration => "exp",
            Self::NotBefore => "nbf",
            Self::IssuedAt => "iat",
        }
    }

    fn missing(self) -> Rejection {
        Rejection::Statement(match self {
            Self::Audience => "software_statement must have an aud claim.",
            Self::Expiration => "software_statement must have an exp claim.",
            Self::NotBefore => "software_statement must have an nbf claim.",
            Self::IssuedAt => "software_statement must have an iat claim.",
        })
    }
}

#[derive(Debug, Clone)]
struct TrustedKey {
    kid: Option<String>,
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

impl TrustedIssuer {
    /// Creates an issuer with the keys of a JWK Set. The algorithms of a key come from the key, not from a statement.
    ///
    /// # Errors
    /// When the set has no usable key: the rest of a sentence that begins with the name of its file.
    pub fn new(issuer: String, jwks: &str) -> Result<Self, String> {
        let set: JwkSet =
            serde_json::from_str(jwks).map_err(|error| format!("is not a JWK Set: {error}"))?;
        let keys: Vec<TrustedKey> = set.keys.iter().filter_map(TrustedKey::of).collect();
        if keys.is_empty() {
            return Err("has no key for RS256, PS256, ES256 or EdDSA".to_owned());
        }
        Ok(Self {
            issuer,
            keys,
            required: Vec::new(),
        })
    }

    /// Requires claims of the statements of this issuer.
    #[must_use]
    pub fn requiring(mut self, claims: Vec<RequiredClaim>) -> Self {
        self.required = claims;
        self
    }

    /// Returns the issuer, which is compared as text.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }
}

impl TrustedKey {
    fn of(jwk: &Jwk) -> Option<Self> {
        let by_type: &[Algorithm] = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => &[Algorithm::RS256, Algorithm::PS256],
            AlgorithmParameters::EllipticCurve(_) => &[Algorithm::ES256],
            AlgorithmParameters::OctetKeyPair(_) => &[Algorithm::EdDSA],
            _ => return None,
        };
        let named = jwk.common.key_algorithm.as_ref().map(ToString::to_string);
        let fits = |algorithm: &&Algorithm| {
            named
                .as_ref()
                .is_none_or(|named| *named == name_of(**algorithm))
        };
        let algorithms: Vec<Algorithm> = by_type.iter().filter(fits).copied().collect();
        let key = DecodingKey::from_jwk(jwk).ok()?;
        (!algorithms.is_empty()).then(|| Self {
            kid: jwk.common.key_id.clone(),
            algorithms,
            key,
        })
    }
}

/// Replaces members of a request by the claims of its software statement, if it has one. The statement must be from one of
/// `trusted` and for `audience`.
///
/// # Errors
/// When the statement is malformed, not signed by its issuer, not valid now, or from an issuer that is not trusted.
pub fn apply(
    object: Object,
    trusted: &[TrustedIssuer],
    audience: &Issuer,
    now: Timestamp,
) -> Result<Object, Rejection> {
    Ok(match claims(&object, trusted, audience, now)? {
        Some(claims) => merge(object, claims),
        None => object,
    })
}

/// Returns the claims of the software statement among the members, if there is one.
///
/// # Errors
/// As [`apply`].
pub(crate) fn claims(
    object: &Object,
    trusted: &[TrustedIssuer],
    audience: &Issuer,
    now: Timestamp,
) -> Result<Option<Object>, Rejection> {
    match object.get("software_statement") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(statement)) if statement.is_empty() => Ok(None),
        Some(Value::String(statement)) => verify(statement, trusted, audience, now).map(Some),
        Some(_) => Err(Rejection::Statement(
            "software_statement must be a JWT in its compact form.",
        )),
    }
}

/// Replaces members by the claims that are client metadata.
pub(crate) fn merge(mut object: Object, mut claims: Object) -> Object {
    claims.retain(|name, _| {
        member(name) != "software_statement"
            && ClientMetadata::ROWS
                .iter()
                .any(|row| row.name == member(name))
    });
    // A claim replaces its member in every language, so that no unsigned translation stays.
    object.retain(|name, _| !claims.keys().any(|claim| member(claim) == member(name)));
    object.extend(claims);
    object
}

/// Returns the name of a member without its language tag. OIDC Registration §2.1.
fn member(name: &str) -> &str {
    name.split('#').next().unwrap_or_default()
}

/// Returns the claims of a statement that one of `trusted` signed for `audience`.
///
/// # Errors
/// As [`apply`].
pub fn verify(
    statement: &str,
    trusted: &[TrustedIssuer],
    audience: &Issuer,
    now: Timestamp,
) -> Result<Object, Rejection> {
    if statement.len() > STATEMENT_MAX {
        return Err(Rejection::Statement("software_statement is too long."));
    }
    let mut parts = statement.split('.');
    let (Some(header), Some(claims), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Rejection::Statement(
            "software_statement must be a signed JWT in its compact form.",
        ));
    };
    let (head, claims_object) = (part(header)?, part(claims)?);
    let algorithm = algorithm(&head)?;
    let Some(Value::String(issuer)) = claims_object.get("iss") else {
        return Err(Rejection::Statement(
            "software_statement must have an iss claim.",
        ));
    };
    let trusted = trusted
        .iter()
        .find(|trusted| trusted.issuer == *issuer)
        .ok_or(Rejection::UntrustedStatement)?;
    let kid = match head.get("kid") {
        None => None,
        Some(Value::String(kid)) => Some(kid.as_str()),
        Some(_) => {
            return Err(Rejection::Statement(
                "software_statement has a kid that is not a string.",
            ));
        }
    };
    let signed = statement
        .get(..header.len() + 1 + claims.len())
        .unwrap_or_default();
    let verified = trusted
        .keys
        .iter()
        .filter(|key| kid.is_none() || key.kid.is_none() || key.kid.as_deref() == kid)
        .filter(|key| key.algorithms.contains(&algorithm))
        .any(|key| {
            jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &key.key, algorithm)
                .unwrap_or(false)
        });
    if !verified {
        return Err(Rejection::Statement(
            "software_statement is not signed by a key of its issuer.",
        ));
    }
    if let Some(claim) = trusted
        .required
        .iter()
        .find(|claim| !claims_object.contains_key(claim.name()))
    {
        return Err(claim.missing());
    }
    in_force(&claims_object, audience, now)?;
    Ok(claims_object)
}

fn part(encoded: &str) -> Result<Object, Rejection> {
    let bytes = URL_SAFE_NO_PAD.decode(encoded).ok();
    bytes
        .and_then(|bytes| read_object(&bytes, &JsonLimits::default()).ok())
        .ok_or(Rejection::Statement(
            "software_statement must be a signed JWT in its compact form.",
        ))
}

fn name_of(algorithm: Algorithm) -> String {
    format!("{algorithm:?}")
}

fn algorithm(head: &Object) -> Result<Algorithm, Rejection> {
    if head.contains_key("crit") {
        return Err(Rejection::Statement(
            "software_statement has a crit header, which is not supported.",
        ));
    }
    let known = |kind: &str| {
        [
            "jwt",
            "software-statement+jwt",
            "application/software-statement+jwt",
        ]
        .iter()
        .any(|known| kind.eq_ignore_ascii_case(known))
    };
    match head.get("typ") {
        None => {}
        Some(Value::String(kind)) if known(kind) => {}
        Some(_) => {
            return Err(Rejection::Statement(
                "software_statement has an unexpected typ header.",
            ));
        }
    }
    let named = head.get("alg").and_then(Value::as_str).unwrap_or_default();
    [
        Algorithm::RS256,
        Algorithm::PS256,
        Algorithm::ES256,
        Algorithm::EdDSA,
    ]
    .into_iter()
    .find(|algorithm| name_of(*algorithm) == named)
    .ok_or(Rejection::Statement(
        "software_statement must be signed with RS256, PS256, ES256 or EdDSA.",
    ))
}

/// Checks that a statement is for this audience and valid now, as far as its claims limit it. A claim of the wrong type is
/// rejected, and not treated as absent.
fn in_force(claims: &Object, audience: &Issuer, now: Timestamp) -> Result<(), Rejection> {
    let is_addressed = match claims.get("aud") {
        None => true,
        Some(Value::String(one)) => one == audience.as_str(),
        Some(Value::Array(several)) => {
            several.iter().all(Value::is_string)
                && several.iter().any(|one| one == audience.as_str())
        }
        Some(_) => false,
    };
    if !is_addressed {
        return Err(Rejection::Statement(
            "software_statement must have this provider's issuer in its aud claim.",
        ));
    }
    let (expires, issued, begins) = (
        instant(claims, "exp")?,
        instant(claims, "iat")?,
        instant(claims, "nbf")?,
    );
    let now = now.seconds();
    if expires.is_some_and(|at| at.saturating_add(LEEWAY) <= now) {
        return Err(Rejection::Statement("software_statement has expired."));
    }
    let is_later = |at: i64| at > now.saturating_add(LEEWAY);
    if issued.is_some_and(is_later) || begins.is_some_and(is_later) {
        return Err(Rejection::Statement("software_statement is not valid yet."));
    }
    Ok(())
}

fn instant(claims: &Object, name: &str) -> Result<Option<i64>, Rejection> {
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    let whole = value.as_i64().or_else(|| {
        value
            .as_f64()
            .filter(|number| number.is_finite())
            .and_then(|number| format!("{:.0}", number.floor()).parse().ok())
    });
    whole.map(Some).ok_or(Rejection::Statement(
        "software_statement has an exp, iat or nbf claim that is not a number.",
    ))
}
