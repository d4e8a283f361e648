//! The answer about an active client: the agreed members, and the facts that follow from them.

use std::time::Duration;

use actix_web::http::header::Header;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, EntityTag, HeaderValue, IF_NONE_MATCH, IfNoneMatch,
};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::json::append_members;
use protocol::redirect_pattern::origins_of_any;
use protocol::uri::RedirectForm;
use protocol::{ClientMetadata, ClientSecret, RedirectUri, Timestamp};
use serde::Serialize;
use serde_json::Value;
use store::Client;

use crate::digest::sha256;

/// The number of digest bytes in an entity tag.
const TAG_BYTES: usize = 18;

/// An answer before it is written.
pub(crate) struct Answer<'a> {
    pub(crate) client: &'a Client,
    pub(crate) redirect_uri: Option<&'a str>,
    pub(crate) reads_secrets: bool,
    pub(crate) max_age: Duration,
    pub(crate) now: Timestamp,
}

impl Answer<'_> {
    /// Returns 200 with the client, or 304.
    pub(crate) fn respond(&self, request: &HttpRequest) -> HttpResponse {
        respond(request, self.body(), self.cache_seconds())
    }

    /// Returns the time for which the operator allows answers to be kept, never beyond the end of the client or its secret.
    fn cache_seconds(&self) -> u64 {
        let data = &self.client.data;
        let ends = [data.expires_at, data.secret_expires_at];
        let left = ends
            .into_iter()
            .flatten()
            .map(|end| end.seconds().saturating_sub(self.now.seconds()))
            .filter_map(|seconds| u64::try_from(seconds).ok())
            .min();
        left.map_or(self.max_age.as_secs(), |left| {
            left.min(self.max_age.as_secs())
        })
    }

    /// Returns the members of ours, and behind them the agreed metadata exactly as it is stored.
    fn body(&self) -> Vec<u8> {
        let data = &self.client.data;
        let metadata = data.metadata.members();
        let secret = data.secret.as_ref().filter(|_| self.reads_secrets);
        let expires_at = || data.secret_expires_at.map_or(0, Timestamp::seconds);
        let ours = AnsweredMembers {
            client_id: data.id.as_str(),
            client_id_issued_at: data.issued_at.seconds(),
            client_secret: secret.map(ClientSecret::reveal),
            client_secret_expires_at: secret.map(|_| expires_at()),
            frontdesk: RegisteredFacts {
                kind: "registered",
                revision: self.client.revision,
                changed_at: self.client.changed_at.seconds(),
                redirects: redirects(metadata),
                consistent: metadata.is_consistent(),
                redirect: self.redirect_uri.map(|uri| decision(metadata, uri)),
            },
        };
        let mut body = Vec::with_capacity(data.metadata.json().len().saturating_add(512));
        // Writing strings and numbers to memory cannot fail.
        let _ = serde_json::to_writer(&mut body, &ours);
        append_members(body, data.metadata.json())
    }
}

/// The members that are added to the agreed metadata of a client.
#[derive(Serialize)]
struct AnsweredMembers<'a> {
    client_id: &'a str,
    client_id_issued_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_expires_at: Option<i64>,
    frontdesk: RegisteredFacts,
}

/// The facts that follow from a registered client.
#[derive(Serialize)]
struct RegisteredFacts {
    kind: &'static str,
    revision: i64,
    changed_at: i64,
    redirects: &'static str,
    consistent: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect: Option<&'static str>,
}

/// Returns 200 with an answer, or 304 if the caller has it already. RFC 9110 §13.1.2.
pub(crate) fn respond(request: &HttpRequest, body: Vec<u8>, cache_seconds: u64) -> HttpResponse {
    let digest = sha256(&body);
    let tag =
        EntityTag::new_strong(URL_SAFE_NO_PAD.encode(digest.get(..TAG_BYTES).unwrap_or(&digest)));
    let is_known = request.headers().contains_key(IF_NONE_MATCH)
        && match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Any) => true,
            Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(&tag)),
            Err(_) => false,
        };
    let mut response = if is_known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    let cache_control = match cache_seconds {
        0 => "private, no-cache".to_owned(),
        seconds => format!("private, max-age={seconds}"),
    };
    response
        .insert_header((ETAG, tag))
        .insert_header((CACHE_CONTROL, cache_control));
    if is_known {
        return response.finish();
    }
    response
        .insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")))
        .body(body)
}

/// Adds the decision about a presented redirect URI to the facts about a client.
pub(crate) fn add_redirect(facts: &mut Value, metadata: &ClientMetadata, presented: Option<&str>) {
    if let (Some(facts), Some(presented)) = (facts.as_object_mut(), presented) {
        facts.insert("redirect".to_owned(), decision(metadata, presented).into());
    }
}

/// Returns the word for the decision about a presented redirect URI.
fn decision(metadata: &ClientMetadata, presented: &str) -> &'static str {
    match metadata.allows_redirect(presented) {
        true => "allowed",
        false => "other",
    }
}

/// Returns the kind of places the client's redirect URIs lead to: `host`, `loopback` (also an application's own scheme),
/// `mixed`, or `none`. A pattern leads where its origins are.
pub(crate) fn redirects(metadata: &ClientMetadata) -> &'static str {
    let (mut has_local, mut has_other) = (false, false);
    let mut add =
        |uri: &RedirectUri| match uri.is_loopback() || uri.form() == RedirectForm::PrivateUse {
            true => has_local = true,
            false => has_other = true,
        };
    for uri in metadata.redirect_uris.iter().flatten() {
        match uri.form() == RedirectForm::Pattern {
            true => match origins_of_any(uri) {
                Ok(origins) => origins.iter().for_each(&mut add),
                Err(_) => add(uri),
            },
            false => add(uri),
        }
    }
    match (has_local, has_other) {
        (false, false) => "none",
        (false, true) => "host",
        (true, false) => "loopback",
        (true, true) => "mixed",
    }
}
