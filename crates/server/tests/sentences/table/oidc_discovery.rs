//! OpenID Connect Discovery 1.0.

use super::{
    CLIENT, MUST, MUST_NOT, NOT_RECOMMENDED, RECOMMENDED, REQUIRED, Row, SERVER, SHOULD, kept,
    not_ours,
};

const TOKENS: &str = "A duty of the authorization server that issues the tokens.";

pub const ROWS: &[Row] = &[
    not_ours("2", MUST, "A form that asks for an identifier is protected against forged requests.", "There is no form."),
    kept(
        "2",
        MUST,
        "WebFinger is spoken over TLS.",
        &["server/tests/sentences/tls.rs::everything_is_served_over_tls_only"],
    ),
    kept(
        "2",
        SHOULD,
        "Pages of other origins may ask the WebFinger endpoint.",
        &["server/tests/sentences/rfc7033.rs::every_answer_allows_any_origin"],
    ),
    kept(
        "2",
        MUST,
        "The issuer is the `href` of the link whose `rel` is the one for issuers.",
        &["server/tests/sentences/rfc7033.rs::descriptor_has_subject_and_links"],
    ),
    kept(
        "2",
        MUST,
        "That issuer is an https URL with a host, without query and fragment.",
        &[
            "server/tests/sentences/discovery.rs::every_identifier_leads_to_the_issuer",
            "server/tests/configuration.rs::issuer_is_required_and_valid",
        ],
    )
    .but("Over plain http on loopback only, for development."),
    kept(
        "2.1",
        MUST,
        "An identifier has an authority.",
        &[
            "server/tests/sentences/discovery.rs::every_identifier_leads_to_the_issuer",
            "webfinger/src/resource.rs::unnormalisable_resource_is_malformed",
        ],
    )
    .but("Normalising is the client's; one that sends what the user typed is answered all the same."),
    kept(
        "2.1.1",
        MUST,
        "An identifier that does not begin like an XRI is treated as a URI; those that do are reserved.",
        &["server/tests/sentences/discovery.rs::every_identifier_leads_to_the_issuer"],
    ),
    kept(
        "2.1.2",
        MUST,
        "A fragment is taken off.",
        &[
            "server/tests/sentences/discovery.rs::every_identifier_leads_to_the_issuer",
            "webfinger/src/resource.rs::missing_scheme_is_added",
        ],
    ),
    kept(
        "3",
        REQUIRED,
        "`issuer`: an https URL without query and fragment.",
        &[
            "server/tests/discovery/conformance.rs::the_document_passes_the_discovery_module",
            "server/tests/configuration.rs::issuer_is_required_and_valid",
        ],
    ),
    kept(
        "3",
        MUST,
        "`issuer` is the one WebFinger gives.",
        &[
            "server/tests/discovery.rs::every_address_has_the_same_document",
            "server/tests/sentences/suites.rs::identifier_leads_to_its_issuer",
        ],
    ),
    not_ours("3", MUST, "`issuer` is the `iss` of ID Tokens.", TOKENS),
    kept(
        "3",
        REQUIRED,
        "`authorization_endpoint`: an https URL.",
        &[
            "server/tests/sentences/discovery.rs::unusable_document_stops_the_start",
            "server/tests/discovery/conformance.rs::the_document_passes_the_discovery_module",
        ],
    ),
    kept(
        "3",
        REQUIRED,
        "`token_endpoint`, unless only the implicit flow is used: an https URL.",
        &[
            "server/tests/sentences/discovery.rs::unusable_document_stops_the_start",
            "server/tests/discovery/conformance.rs::the_document_passes_the_discovery_module",
        ],
    ),
    kept(
        "3",
        RECOMMENDED,
        "`userinfo_endpoint`: an https URL.",
        &[
            "server/tests/sentences/discovery.rs::unusable_document_stops_the_start",
            "server/tests/sentences/suites.rs::default_document_has_no_own_members",
        ],
    )
    .but("It is there when the operator names it."),
    kept(
        "3",
        REQUIRED,
        "`jwks_uri`: an https URL.",
        &[
            "server/tests/sentences/discovery.rs::unusable_document_stops_the_start",
            "server/tests/discovery/conformance.rs::the_key_set_passes_the_modules_that_read_it",
            "server/tests/openidconnect.rs::the_keys_are_understood",
        ],
    ),
    kept(
        "3",
        REQUIRED,
        "Every key has a `use` where keys for both purposes are published.",
        &["server/tests/sentences/discovery.rs::every_published_key_has_its_use"],
    ),
    not_ours("3", NOT_RECOMMENDED, "One key signs and decrypts.", "Keys that decrypt are not published."),
    not_ours("3", MUST, "Where `x5c` is used, the bare key is there too and is the certificate's.", "`x5c` is not used."),
    kept(
        "3",
        MUST_NOT,
        "The key set has no private and no symmetric key.",
        &[
            "server/tests/sentences/discovery.rs::every_published_key_has_its_use",
            "keys/tests/ring.rs::published_keys_have_only_public_members",
        ],
    ),
    kept(
        "3",
        RECOMMENDED,
        "`registration_endpoint`: an https URL.",
        &[
            "server/tests/discovery/conformance.rs::the_document_passes_the_discovery_module",
            "server/tests/discovery/offer.rs::a_closed_provider_names_no_registration_endpoint",
        ],
    ),
    kept(
        "3",
        RECOMMENDED,
        "`scopes_supported` is there.",
        &["server/tests/sentences/discovery.rs::default_offer_is_a_dynamic_provider"],
    ),
    kept(
        "3",
        MUST,
        "The scope `openid` is supported.",
        &[
            "server/tests/sentences/discovery.rs::default_offer_is_a_dynamic_provider",
            "server/tests/discovery/extra.rs::unusual_values_are_noted",
        ],
    )
    .but("Where the server behind has another, the document says so, and `frontdesk check` notes it."),
    kept(
        "3",
        SHOULD,
        "The scopes of OpenID Connect Core that are supported are listed.",
        &["server/tests/sentences/discovery.rs::default_offer_is_a_dynamic_provider"],
    ),
    kept(
        "3",
        REQUIRED,
        "`response_types_supported` is there.",
        &["server/tests/sentences/discovery.rs::unusable_document_stops_the_start"],
    ),
    kept(
        "3",
        MUST,
        "A dynamic provider has the response types `code`, `id_token` and `id_token token`.",
        &["server/tests/sentences/discovery.rs::default_offer_is_a_dynamic_provider"],
    )
    .but("By default; an operator's own list takes the default's place."),
    kept(
        "3",
        MUST,
        "A dynamic provider has the grants `authorization_code` and `implicit`.",
        &["server/tests/sentences/discovery.rs::default_offer_is_a_dynamic_provider"],
    )
    .but("By default; an operator's own list takes the default's place."),
    kept(
        "3",
        REQUIRED,
        "`subject_types_supported` is there.",
        &[
            "server/tests/sentences/discovery.rs::unusable_document_stops_the_start",
            "server/tests/sentences/discovery.rs::default_offer_is_a_dynamic_provider",
        ],
    ),
    kept(
        "3",
        REQUIRED,
        "`id_token_signing_alg_values_supported` is there.",
        &["server/tests/sentences/discovery.rs::unusable_document_stops_the_start"],
    ),
    kept(
        "3",
        MUST,
        "RS256 is among the algorithms for ID Tokens.",
        &[
            "server/tests/sentences/discovery.rs::default_offer_is_a_dynamic_provider",
            "server/tests/discovery/extra.rs::unusual_values_are_noted",
        ],
    )
    .but("Where the server behind has another, the document says so, and `frontdesk check` notes it."),
    kept(
        "3",
        MUST_NOT,
        "`none` is not used for ID Tokens from the authorization endpoint.",
        &["server/tests/sentences/discovery.rs::default_offer_is_a_dynamic_provider"],
    )
    .but("Where an operator offers it, registration agrees to it with the response type `code` only."),
    not_ours(
        "3",
        SHOULD,
        "Request objects may be signed with `none` and RS256.",
        "The document says that there are no request objects, until an operator whose server has them says otherwise.",
    ),
    kept(
        "3",
        SHOULD,
        "RS256 is among the algorithms clients authenticate with.",
        &["server/tests/sentences/discovery.rs::auth_algorithms_never_include_none"],
    ),
    kept(
        "3",
        MUST_NOT,
        "`none` is not among them.",
        &["server/tests/sentences/discovery.rs::auth_algorithms_never_include_none"],
    ),
    kept(
        "3",
        RECOMMENDED,
        "`claims_supported` is there.",
        &["server/tests/sentences/discovery.rs::default_offer_is_a_dynamic_provider"],
    ),
    not_ours("3", REQUIRED, "Request URIs are registered first where the document says so.", SERVER),
    not_ours(
        "3",
        SHOULD,
        "The developer who registers a client is shown `op_policy_uri` and `op_tos_uri`.",
        "There is no screen; both are in the document.",
    ),
    kept(
        "3",
        SHOULD,
        "Pages of other origins may use every endpoint that clients use directly.",
        &["server/tests/sentences/discovery.rs::pages_may_use_all_but_authorization"],
    )
    .but("Token and UserInfo endpoint are the authorization server's."),
    kept(
        "3",
        NOT_RECOMMENDED,
        "Pages of other origins read the authorization endpoint.",
        &["server/tests/sentences/discovery.rs::pages_may_use_all_but_authorization"],
    ),
    kept(
        "4",
        MUST,
        "The document is at the issuer followed by `/.well-known/openid-configuration`.",
        &[
            "server/tests/sentences/discovery.rs::trailing_slash_is_not_in_addresses",
            "server/tests/discovery.rs::every_address_has_the_same_document",
        ],
    ),
    kept(
        "4",
        MUST,
        "It is JSON of the type `application/json`.",
        &["server/tests/sentences/discovery.rs::document_is_json_for_any_origin"],
    ),
    kept(
        "4",
        SHOULD,
        "Pages of other origins may read it.",
        &["server/tests/sentences/discovery.rs::document_is_json_for_any_origin"],
    ),
    kept(
        "4.1",
        MUST,
        "It is there for GET.",
        &["server/tests/sentences/discovery.rs::trailing_slash_is_not_in_addresses"],
    ),
    kept(
        "4.1",
        MUST,
        "A slash at the end of the issuer's path is taken off first.",
        &["server/tests/sentences/discovery.rs::trailing_slash_is_not_in_addresses"],
    ),
    kept(
        "4.2",
        MUST,
        "The answer is 200 and one JSON object of the type `application/json`.",
        &[
            "server/tests/sentences/discovery.rs::document_is_json_for_any_origin",
            "server/tests/discovery/conformance.rs::the_document_passes_the_discovery_module",
        ],
    ),
    kept(
        "4.2",
        MUST,
        "A member without elements is left out.",
        &[
            "server/tests/discovery/conformance.rs::the_document_passes_the_discovery_module",
            "protocol/tests/offer.rs::empty_list_removes_its_member",
        ],
    ),
    not_ours("4.3", MUST, "What fails to validate is not used.", CLIENT),
    kept(
        "4.3",
        MUST,
        "`issuer` is the URL the document was asked for at, byte for byte.",
        &[
            "server/tests/discovery.rs::every_address_has_the_same_document",
            "server/tests/openidconnect.rs::discovery_is_understood",
            "server/tests/openidconnect.rs::issuer_with_extra_slash_is_refused",
        ],
    ),
    not_ours("4.3", MUST, "`issuer` is the `iss` of ID Tokens.", TOKENS),
];
