//! RFC 8414.

use super::{
    CLIENT, MUST, MUST_NOT, RECOMMENDED, REQUIRED, Row, SHOULD, SHOULD_NOT, kept, not_ours,
};

pub const ROWS: &[Row] = &[
    kept(
        "2",
        REQUIRED,
        "`issuer`: an https URL without query and fragment.",
        &[
            "server/tests/discovery/conformance.rs::the_document_passes_the_discovery_module",
            "server/tests/configuration.rs::issuer_is_required_and_valid",
        ],
    ),
    kept(
        "2",
        REQUIRED,
        "`authorization_endpoint`, unless no grant uses it.",
        &["server/tests/sentences/discovery.rs::unusable_document_stops_the_start"],
    ),
    kept(
        "2",
        REQUIRED,
        "`token_endpoint`, unless only the implicit grant is there.",
        &["server/tests/sentences/discovery.rs::unusable_document_stops_the_start"],
    ),
    kept(
        "2",
        MUST,
        "`jwks_uri` is https.",
        &["server/tests/sentences/discovery.rs::unusable_document_stops_the_start"],
    ),
    kept(
        "2",
        REQUIRED,
        "Every key has a `use` where keys for both purposes are published.",
        &["server/tests/sentences/discovery.rs::every_published_key_has_its_use"],
    ),
    kept(
        "2",
        RECOMMENDED,
        "`scopes_supported` is there.",
        &["server/tests/discovery/offer.rs::default_document_is_as_expected"],
    ),
    kept(
        "2",
        REQUIRED,
        "`response_types_supported` is there.",
        &["server/tests/sentences/discovery.rs::unusable_document_stops_the_start"],
    ),
    kept(
        "2",
        MUST,
        "Algorithms are listed where a method that signs is, for each of the token, revocation and introspection endpoints.",
        &[
            "server/tests/sentences/discovery.rs::auth_algorithms_never_include_none",
            "protocol/tests/offer.rs::invalid_member_is_refused_by_name",
        ],
    ),
    kept(
        "2",
        SHOULD,
        "RS256 is among them.",
        &["server/tests/sentences/discovery.rs::auth_algorithms_never_include_none"],
    ),
    kept(
        "2",
        MUST_NOT,
        "`none` is not among them, at any of the three.",
        &["server/tests/sentences/discovery.rs::auth_algorithms_never_include_none"],
    ),
    not_ours(
        "2",
        SHOULD,
        "The developer who registers a client is shown `op_policy_uri` and `op_tos_uri`.",
        "There is no screen; both are in the document.",
    ),
    not_ours(
        "2",
        MUST,
        "Methods of the introspection endpoint that are not listed are found out otherwise.",
        CLIENT,
    ),
    kept(
        "2.1",
        MUST,
        "Signed metadata is a JWS and has an `iss` for who attests to it.",
        &["server/tests/sentences/discovery.rs::signed_metadata_repeats_the_members"],
    ),
    not_ours(
        "2.1",
        MUST,
        "What is signed is believed rather than what is not.",
        CLIENT,
    ),
    kept(
        "2.1",
        SHOULD_NOT,
        "It does not contain itself.",
        &["server/tests/sentences/discovery.rs::signed_metadata_repeats_the_members"],
    ),
    kept(
        "3",
        MUST,
        "The document is where the well-known name stands between the issuer's host and its path.",
        &[
            "server/tests/sentences/discovery.rs::trailing_slash_is_not_in_addresses",
            "server/tests/discovery.rs::every_address_has_the_same_document",
        ],
    ),
    kept(
        "3",
        MUST,
        "It is served over https.",
        &["server/tests/sentences/tls.rs::everything_is_served_over_tls_only"],
    ),
    kept(
        "3",
        MUST,
        "The well-known names in use are registered ones.",
        &["server/tests/sentences/discovery.rs::trailing_slash_is_not_in_addresses"],
    ),
    not_ours(
        "3",
        MUST,
        "An application of OAuth says which well-known name it uses.",
        "A duty of specifications; the default name and OpenID Connect's are both served.",
    ),
    kept(
        "3.1",
        MUST,
        "It is there for GET.",
        &[
            "server/tests/sentences/discovery.rs::trailing_slash_is_not_in_addresses",
            "server/tests/providers/tenants.rs::each_tenant_has_documents_and_keys",
        ],
    ),
    kept(
        "3.1",
        MUST,
        "A slash at the end of the issuer's path is taken off first.",
        &["server/tests/sentences/discovery.rs::trailing_slash_is_not_in_addresses"],
    ),
    kept(
        "3.2",
        MUST,
        "The answer is 200 and one JSON object of the type `application/json`.",
        &[
            "server/tests/sentences/discovery.rs::document_is_json_for_any_origin",
            "server/tests/discovery/conformance.rs::the_document_passes_the_discovery_module",
        ],
    ),
    kept(
        "3.2",
        MUST,
        "A member without elements is left out.",
        &[
            "protocol/tests/offer.rs::empty_list_removes_its_member",
            "server/tests/discovery/offer.rs::configured_members_replace_and_extend_the_defaults",
        ],
    ),
    kept(
        "3.3",
        MUST,
        "`issuer` is the identifier the address was made from.",
        &["server/tests/discovery.rs::every_address_has_the_same_document"],
    ),
    not_ours(
        "3.3",
        MUST_NOT,
        "A document with another issuer is not used.",
        CLIENT,
    ),
];
