//! The identity of a copy at Keycloak, and its mark.

use openssl::hash::{MessageDigest, hash};
use protocol::{ClientId, Issuer, Object};
use serde_json::Value;

use crate::api::hexadecimal;
use crate::connector::{ConnectorError, CopyHandle, ListedCopy};

/// The attribute with the issuer of a copy.
pub(super) const ISSUER_MARK: &str = "frontdesk.issuer";

/// The attribute with the revision of a copy.
pub(super) const REVISION_MARK: &str = "frontdesk.revision";

/// The attribute with the issuer of a copy that was disabled, since its client is deleted.
pub(super) const DELETED_MARK: &str = "frontdesk.deleted";

/// Returns the UUID, version 5, of the issuer and the client identifier. RFC 9562 §5.5.
pub(super) fn copy_id(issuer: &Issuer, client_id: &ClientId) -> Result<String, ConnectorError> {
    /// The name space of addresses. RFC 9562 §6.6.
    const NAMESPACE_URL: [u8; 16] = [
        0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30,
        0xc8,
    ];
    let mut name = NAMESPACE_URL.to_vec();
    name.extend(issuer.as_str().as_bytes());
    name.push(b'#');
    name.extend(client_id.as_str().as_bytes());
    let digest = hash(MessageDigest::sha1(), &name)
        .map_err(|_| ConnectorError::unavailable("OpenSSL cannot digest"))?;
    let mut bytes: Vec<u8> = digest.iter().take(16).copied().collect();
    if let Some(version) = bytes.get_mut(6) {
        *version = *version & 0x0f | 0x50;
    }
    if let Some(variant) = bytes.get_mut(8) {
        *variant = *variant & 0x3f | 0x80;
    }
    let digits = hexadecimal(&bytes);
    let groups: Vec<&str> = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)]
        .into_iter()
        .filter_map(|(begin, end)| digits.get(begin..end))
        .collect();
    Ok(groups.join("-"))
}

/// Returns a client of the list, if it has the mark of the provider or only the revision, which an older program wrote.
pub(super) fn listed_copy(copy: Value, issuer: &Issuer) -> Option<ListedCopy> {
    let Value::Object(members) = copy else {
        return None;
    };
    let attributes = members.get("attributes")?;
    let mark = attributes.get(ISSUER_MARK).and_then(Value::as_str);
    let has_mark = match (mark, attributes.get(REVISION_MARK)) {
        (Some(mark), _) if mark == issuer.as_str() => true,
        (None, Some(_)) => false,
        _ => return None,
    };
    Some(ListedCopy {
        has_mark,
        revision: text(attributes.get(REVISION_MARK)).to_owned(),
        place: CopyHandle {
            client_id: ClientId::new(members.get("clientId")?.as_str()?),
            handle: Some(members.get("id")?.as_str()?.to_owned()),
            token: None,
        },
        members,
    })
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

/// Returns the names of scopes by their identifiers in a list of Keycloak, OpenID Connect scopes only.
pub(super) fn scope_ids(list: &[Value]) -> Vec<(String, String)> {
    list.iter()
        .filter_map(Value::as_object)
        .filter(|scope| {
            scope
                .get("protocol")
                .is_none_or(|protocol| protocol == "openid-connect")
        })
        .filter_map(|scope: &Object| {
            let of = |name: &str| scope.get(name).and_then(Value::as_str).map(str::to_owned);
            Some((of("name")?, of("id")?))
        })
        .collect()
}
