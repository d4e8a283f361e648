//! The host metadata, which names the WebFinger endpoint. RFC 6415.

use std::hash::{DefaultHasher, Hash, Hasher};

use actix_web::http::StatusCode;
use actix_web::http::header::{self, ETag, EntityTag, HeaderValue, IfNoneMatch};
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder};
use serde_json::json;

use crate::answer::{CACHE_CONTROL, with_cors};
use protocol::issuer::WEBFINGER_PATH;

/// The path of the document as XRD. RFC 6415 §2.
pub const PATH: &str = "/.well-known/host-meta";

/// The path of the document as JRD. RFC 6415 §3.
pub const JSON_PATH: &str = "/.well-known/host-meta.json";

/// The relation from a resource to its descriptor. RFC 6415 §6.3.
const LRDD: &str = "lrdd";

/// The document in both forms, rendered once. Every host has the same document, since WebFinger answers for all hosts at every
/// address.
#[derive(Debug)]
pub(crate) struct HostMeta {
    pub(crate) xrd: HostMetaDocument,
    pub(crate) jrd: HostMetaDocument,
}

#[derive(Debug)]
pub(crate) struct HostMetaDocument {
    media_type: HeaderValue,
    bytes: Bytes,
    tag: EntityTag,
}

impl HostMeta {
    /// Renders the document for the endpoint below `origin`, which has no character that XML or JSON would escape.
    pub(crate) fn new(origin: &str) -> Self {
        let (media_type, template) = (
            "application/jrd+json",
            format!("{origin}{WEBFINGER_PATH}?resource={{uri}}"),
        );
        let xrd = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<XRD xmlns=\"http://docs.oasis-open.org/ns/xri/xrd-1.0\">\n  \
             <Link rel=\"{LRDD}\" type=\"{media_type}\" template=\"{template}\"/>\n</XRD>\n"
        );
        let jrd = json!({ "links": [{ "rel": LRDD, "type": media_type, "template": template }] });
        Self {
            xrd: HostMetaDocument::new("application/xrd+xml", xrd),
            jrd: HostMetaDocument::new("application/json", jrd.to_string()),
        }
    }
}

impl HostMetaDocument {
    fn new(media_type: &'static str, text: String) -> Self {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Self {
            media_type: HeaderValue::from_static(media_type),
            tag: EntityTag::new_strong(format!("{:016x}", hasher.finish())),
            bytes: Bytes::from(text),
        }
    }

    /// Returns the document, or 304 if the client's copy is current. RFC 9110 §13.1.2.
    pub(crate) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let known = match request.get_header::<IfNoneMatch>() {
            Some(IfNoneMatch::Any) => true,
            Some(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&self.tag)),
            None => false,
        };
        let mut answer = with_cors(HttpResponseBuilder::new(if known {
            StatusCode::NOT_MODIFIED
        } else {
            StatusCode::OK
        }));
        answer
            .insert_header((header::CACHE_CONTROL, CACHE_CONTROL))
            .insert_header(ETag(self.tag.clone()));
        if known {
            return answer.finish();
        }
        answer
            .insert_header((header::CONTENT_TYPE, self.media_type.clone()))
            .body(self.bytes.clone())
    }
}
