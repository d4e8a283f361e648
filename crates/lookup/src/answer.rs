//! The answer about an active client: the agreed members, and the facts that follow from them.

use std::time::Duration;

use actix_web::http::header::Header;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, EntityTag, HeaderValue, IF_NONE_MATCH, IfNoneMatch,
};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::sha::sha256;
use protocol::json::append_members;
use protocol::redirect_pattern::origins_of_any;
use protocol::uri::RedirectForm;
use protocol::{ClientMetadata, RedirectUri, Timestamp};
use serde_json::{Value, json};
use store::Client;

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
        let mut ours = json!({
            "client_id": data.id.as_str(),
            "client_id_issued_at": data.issued_at.seconds(),
            "frontdesk": self.facts(),
        });
        if let (true, Some(ours), Some(secret)) =
            (self.reads_secrets, ours.as_object_mut(), &data.secret)
        {
            ours.insert("client_secret".to_owned(), secret.reveal().into());
            let expires_at = data.secret_expires_at.map_or(0, Timestamp::seconds);
            ours.insert("client_secret_expires_at".to_owned(), expires_at.into());
        }
        append_members(ours.to_string().into_bytes(), data.metadata.json())
    }

    /// Returns the facts that follow from the client, as the member `frontdesk` has them.
    fn facts(&self) -> Value {
        let metadata = self.client.data.metadata.members();
        let mut facts = json!({
            "kind": "registered",
            "revision": self.client.revision,
            "changed_at": self.client.changed_at.seconds(),
            "redirects": redirects(metadata),
            "consistent": metadata.is_consistent(),
        });
        add_redirect(&mut facts, metadata, self.redirect_uri);
        facts
    }
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
        let allowed = metadata.allows_redirect(presented);
        let word = if allowed { "allowed" } else { "other" };
        facts.insert("redirect".to_owned(), word.into());
    }
}

/// Returns the kind of places the client's redirect URIs lead to: `host`, `loopback` (also an application's own scheme),
/// `mixed`, or `none`. A pattern leads where its origins are.
pub(crate) fn redirects(metadata: &ClientMetadata) -> &'static str {
    let is_local = |uri: &RedirectUri| uri.is_loopback() || uri.form() == RedirectForm::PrivateUse;
    let places: Vec<bool> = metadata
        .redirect_uris
        .iter()
        .flatten()
        .flat_map(|uri| match origins_of_any(uri) {
            Ok(origins) => origins.iter().map(is_local).collect(),
            Err(_) => vec![is_local(uri)],
        })
        .collect();
    match (places.contains(&true), places.contains(&false)) {
        (false, false) => "none",
        (false, true) => "host",
        (true, false) => "loopback",
        (true, true) => "mixed",
    }
}
