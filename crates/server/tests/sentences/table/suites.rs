//! The OpenID Foundation's suites, the one before them, and the client-management modules of Open Finance Brasil: what they
//! assert of discovery, WebFinger, registration and management without an authorization request.

use super::{FAILS, INFORMS, Row, WARNS, kept, not_ours};

const DISCOVERY: &str = "oidcc-discovery-endpoint-verification";
const REGISTRATION: &str = "every module with a dynamic client";
const PASSES: &[&str] =
    &["server/tests/discovery/conformance.rs::the_document_passes_the_discovery_module"];
const KEYS: &[&str] =
    &["server/tests/discovery/conformance.rs::the_key_set_passes_the_modules_that_read_it"];
const KNOWN: &[&str] = &["server/tests/sentences/suites.rs::default_document_has_no_own_members"];
const LANGUAGES: &[&str] =
    &["server/tests/sentences/suites.rs::languages_of_the_document_are_language_tags"];
const LOGOUT: &[&str] = &["server/tests/sentences/suites.rs::configured_logout_members_are_shown"];
const SEQUENCE: &[&str] = &[
    "server/tests/sentences/suites.rs::suite_module_sequence_works",
    "server/tests/register/published_clients.rs::certification_suite_registers",
];
const WRONG: &[&str] = &["server/tests/sentences/suites.rs::wrong_registrations_get_suite_codes"];
const BRAZIL: &[&str] = &["server/tests/sentences/suites.rs::brazilian_modules_manage_a_client"];
const FOUND: &[&str] = &["server/tests/sentences/suites.rs::identifier_leads_to_its_issuer"];
const LOGIN: &[&str] = &["server/tests/register/metadata.rs::initiate_login_uri_requires_https"];
const SECTORS: &[&str] =
    &["server/tests/register/sectors.rs::a_sector_document_lists_every_redirect_uri"];
const ROTATION: &[&str] =
    &["server/tests/commands.rs::rotated_keys_are_published_by_the_running_service"];

pub const ROWS: &[Row] = &[
    kept(
        DISCOVERY,
        FAILS,
        "The document comes at once: a plain GET, status 200.",
        PASSES,
    ),
    kept(DISCOVERY, FAILS, "Its type is `application/json`.", PASSES),
    kept(DISCOVERY, FAILS, "It is one JSON object.", PASSES),
    kept(
        DISCOVERY,
        FAILS,
        "`response_types_supported` has one of the six, for a dynamic provider `code`, `id_token` and `id_token token`.",
        PASSES,
    ),
    kept(
        DISCOVERY,
        FAILS,
        "The address is https and ends in the well-known name; the issuer is what stands before it.",
        &[
            "server/tests/discovery.rs::every_address_has_the_same_document",
            "server/tests/sentences/tls.rs::everything_is_served_over_tls_only",
        ],
    ),
    kept(
        DISCOVERY,
        FAILS,
        "`issuer` is https, with a host, without query, fragment and user information.",
        PASSES,
    ),
    kept(DISCOVERY, FAILS, "Every member has its type.", PASSES),
    kept(
        DISCOVERY,
        WARNS,
        "No member is unknown to the suite.",
        KNOWN,
    ),
    kept(
        DISCOVERY,
        FAILS,
        "`subject_types_supported` has `public` or `pairwise`.",
        PASSES,
    ),
    kept(
        DISCOVERY,
        FAILS,
        "`id_token_signing_alg_values_supported` has RS256.",
        PASSES,
    ),
    kept(
        DISCOVERY,
        FAILS,
        "`userinfo_signing_alg_values_supported`, if present, is an array.",
        PASSES,
    ),
    kept(
        DISCOVERY,
        FAILS,
        "`authorization_endpoint` and `token_endpoint` are there and https.",
        PASSES,
    ),
    kept(
        DISCOVERY,
        WARNS,
        "`userinfo_endpoint` is there and https.",
        KNOWN,
    )
    .but("It is there when the operator names it."),
    kept(
        DISCOVERY,
        FAILS,
        "`registration_endpoint` is https.",
        PASSES,
    ),
    kept(
        DISCOVERY,
        FAILS,
        "`jwks_uri` is there and https, and JSON is there.",
        KEYS,
    ),
    kept(
        DISCOVERY,
        FAILS,
        "The key set has `keys`, each with `kty` and the members of its type in base64url without padding.",
        KEYS,
    ),
    kept(DISCOVERY, FAILS, "No key is symmetric or private.", KEYS),
    kept(
        DISCOVERY,
        FAILS,
        "Each key is read by a library.",
        &[
            "server/tests/discovery/conformance.rs::the_key_set_passes_the_modules_that_read_it",
            "server/tests/openidconnect.rs::the_keys_are_understood",
        ],
    ),
    kept(
        DISCOVERY,
        WARNS,
        "Key types, curves and algorithms are known ones.",
        KEYS,
    ),
    kept(
        "modules that read the key set",
        FAILS,
        "Each key has a `kid`, and no two the same.",
        KEYS,
    ),
    kept(
        DISCOVERY,
        INFORMS,
        "Whether there are request objects, request URIs and a claims parameter.",
        KNOWN,
    ),
    kept(
        DISCOVERY,
        WARNS,
        "`request_object_signing_alg_values_supported`, if present, has RS256.",
        KNOWN,
    )
    .but("It is not present by default."),
    kept(DISCOVERY, WARNS, "`claims_supported` is there.", PASSES),
    kept(
        DISCOVERY,
        FAILS,
        "`grant_types_supported` is not empty, and for a dynamic provider has `authorization_code` and `implicit`.",
        PASSES,
    ),
    kept(DISCOVERY, FAILS, "`scopes_supported` has `openid`.", PASSES),
    kept(DISCOVERY, FAILS, "Each scope is a scope token.", PASSES),
    kept(
        DISCOVERY,
        FAILS,
        "`ui_locales_supported` and `claims_locales_supported` are language tags.",
        LANGUAGES,
    ),
    kept(
        DISCOVERY,
        WARNS,
        "Language tags are in their canonical case.",
        LANGUAGES,
    )
    .but("They are served as the operator writes them."),
    kept(
        DISCOVERY,
        FAILS,
        "Every member whose name ends in `_endpoint` is an https URL.",
        PASSES,
    ),
    kept(
        DISCOVERY,
        FAILS,
        "`code_challenge_methods_supported`, if present, has S256 or plain.",
        PASSES,
    ),
    kept(REGISTRATION, FAILS, "The answer is 201.", SEQUENCE),
    kept(
        REGISTRATION,
        FAILS,
        "Its type is `application/json`.",
        SEQUENCE,
    ),
    kept(
        REGISTRATION,
        FAILS,
        "It has a `client_id` and no `error`.",
        SEQUENCE,
    ),
    kept(
        REGISTRATION,
        FAILS,
        "`registration_client_uri`, by https, and `registration_access_token` come together, and neither is empty.",
        SEQUENCE,
    ),
    kept(
        REGISTRATION,
        FAILS,
        "Where a secret is, `client_secret_expires_at` is a number.",
        SEQUENCE,
    ),
    kept(
        REGISTRATION,
        WARNS,
        "Deletion at the end is exactly 204.",
        SEQUENCE,
    ),
    kept(
        "oidcc-redirect-uri-regfrag",
        FAILS,
        "A redirection URI with a fragment is 400, JSON, `invalid_redirect_uri` or `invalid_client_metadata`.",
        WRONG,
    ),
    kept(
        "oidcc-registration-sector-uri",
        FAILS,
        "A pairwise client whose sector document lists its redirection URI is 201.",
        SECTORS,
    ),
    kept(
        "oidcc-registration-sector-bad",
        FAILS,
        "One whose sector document does not is 400, JSON, `invalid_client_metadata`.",
        &[
            "server/tests/register/sectors.rs::a_sector_document_lists_every_redirect_uri",
            "server/tests/sentences/suites.rs::wrong_registrations_get_suite_codes",
        ],
    ),
    kept(
        "oidcc-server-rotate-keys",
        FAILS,
        "After a rotation there is a new signing key of its own `kid`, of RSA or EC.",
        ROTATION,
    ),
    kept(
        "oidcc-server-rotate-keys",
        WARNS,
        "The old signing key is still there.",
        ROTATION,
    ),
    kept(
        "oidcc-3rd_party-init-login",
        FAILS,
        "`initiate_login_uri` comes back unchanged.",
        LOGIN,
    ),
    kept(
        "oidcc-3rd_party-init-login",
        FAILS,
        "Reading the client is 200, JSON, with the same `initiate_login_uri`.",
        LOGIN,
    ),
    kept(
        "oidcc-3rd_party-init-login-nohttps",
        FAILS,
        "An http one is 400, JSON, `invalid_client_metadata`.",
        &[
            "server/tests/register/metadata.rs::initiate_login_uri_requires_https",
            "server/tests/sentences/suites.rs::wrong_registrations_get_suite_codes",
        ],
    ),
    kept(
        "rp-initiated-logout discovery",
        FAILS,
        "`end_session_endpoint` is there and https.",
        LOGOUT,
    )
    .but("When the operator names it, as in the three below."),
    kept(
        "backchannel-logout discovery",
        FAILS,
        "`backchannel_logout_supported` and `backchannel_logout_session_supported` are true.",
        LOGOUT,
    ),
    kept(
        "frontchannel-logout discovery",
        FAILS,
        "`frontchannel_logout_supported` and `frontchannel_logout_session_supported` are true.",
        LOGOUT,
    ),
    kept(
        "session-management discovery",
        FAILS,
        "`check_session_iframe` and `end_session_endpoint` are there and https.",
        LOGOUT,
    ),
    kept(
        "brazildcr-happy-flow",
        FAILS,
        "Both management members are there; reading twice is 200 with the same client, address and token; deleting is 204.",
        BRAZIL,
    ),
    kept(
        "brazildcr-happy-flow-variant",
        FAILS,
        "The order of `grant_types` and of `scope` does not matter, and no scope is granted that was not asked for.",
        BRAZIL,
    ),
    kept(
        "brazildcr-client-delete",
        FAILS,
        "A deleted client is 401 for GET, without `client_id`, and 401 for DELETE.",
        BRAZIL,
    ),
    kept(
        "brazildcr-invalid-registration-access-token",
        FAILS,
        "A wrong token is 401 for GET, without `client_id`, and for DELETE.",
        BRAZIL,
    ),
    kept(
        "dcr-invalid-software-statement-signature",
        FAILS,
        "400, JSON, `invalid_software_statement`.",
        &[
            "server/tests/register/statements.rs::a_flawed_statement_is_invalid",
            "server/tests/sentences/suites.rs::wrong_registrations_get_suite_codes",
        ],
    ),
    not_ours(
        "dcr-no-software-statement",
        FAILS,
        "A registration without a software statement is 400.",
        "A rule of that directory; here a statement is welcome and not demanded.",
    ),
    not_ours(
        "dcr-no-mtls, dcr-bad-mtls",
        FAILS,
        "A caller without the right certificate is refused.",
        "A rule of that directory; client certificates end at a proxy in front, if anywhere.",
    ),
    kept(
        "dcr-no-redirect-uri, dcr-invalid-redirect-uri",
        FAILS,
        "400, JSON, `invalid_redirect_uri` or `invalid_client_metadata`.",
        WRONG,
    ),
    kept(
        "dcr-invalid-jwks-uri",
        FAILS,
        "A `jwks_uri` that cannot be is 400, `invalid_client_metadata`.",
        WRONG,
    )
    .but("Any https one can be here; in that directory its own only."),
    not_ours(
        "dcr-invalid-jwks-by-value",
        FAILS,
        "`jwks` by value is refused.",
        "A rule of that directory; the specifications allow it.",
    ),
    kept(
        "brazildcr-update-client-config",
        FAILS,
        "The answer without what is issued, with another redirection URI, is an update: 200, JSON, the same client and address.",
        BRAZIL,
    ),
    kept(
        "brazildcr-update-client-config",
        FAILS,
        "Updates with no token, a bad token (401) or a bad statement (400) change nothing.",
        BRAZIL,
    ),
    kept(
        "brazildcr-update-client-config-bad-jwks-uri, -invalid-redirect-uri",
        FAILS,
        "An update with one is 400, JSON, with its error.",
        BRAZIL,
    ),
    kept(
        "OP-Discovery-WebFinger",
        FAILS,
        "A URL leads to an issuer.",
        FOUND,
    ),
    kept(
        "OP-Discovery-WebFinger-Email",
        FAILS,
        "An address of an account leads to an issuer.",
        FOUND,
    ),
    kept(
        "OP-Discovery-Config",
        FAILS,
        "The document is 200, its addresses are https, it has RS256 and the issuer it was asked for.",
        PASSES,
    ),
    kept(
        "OP-Discovery-JWKs",
        FAILS,
        "Members of keys are base64url.",
        KEYS,
    ),
    kept(
        "OP-Discovery-jwks_uri",
        WARNS,
        "`jwks_uri` is there, and keys have their bare numbers.",
        KEYS,
    ),
    kept(
        "OP-Discovery-claims_supported",
        FAILS,
        "`claims_supported` is there.",
        PASSES,
    ),
    kept(
        "OP-Registration-Endpoint",
        FAILS,
        "`registration_endpoint` is there.",
        PASSES,
    ),
    kept(
        "OP-Registration-Dynamic",
        FAILS,
        "Registration succeeds.",
        SEQUENCE,
    ),
    kept(
        "OP-Registration-Read",
        FAILS,
        "Reading at `registration_client_uri` succeeds.",
        &["server/tests/sentences/rfc7592.rs::management_address_works_as_given"],
    ),
    kept(
        "OP-Registration-Sector-Bad",
        FAILS,
        "A sector document without the redirection URI is an error.",
        SECTORS,
    ),
    kept(
        "OP-redirect_uri-RegFrag",
        FAILS,
        "A redirection URI with a fragment is an error.",
        WRONG,
    ),
    kept(
        "OP-3rd_party-init-login, -nohttps",
        FAILS,
        "An https `initiate_login_uri` is kept and readable, an http one refused.",
        LOGIN,
    ),
    kept(
        "OP-Rotation-OP-Sig",
        FAILS,
        "New signing keys appear.",
        ROTATION,
    ),
    not_ours(
        "OP-Rotation-OP-Enc",
        FAILS,
        "New encryption keys appear.",
        "Keys that decrypt are not published.",
    ),
    kept(
        "OP-request-Support, OP-request_uri-Support",
        FAILS,
        "The document says whether there are request objects.",
        KNOWN,
    ),
    kept(
        "OP-{Session,FrontChannel,BackChannel,RpInitLogout}-Discovery",
        FAILS,
        "Members about logout are there.",
        LOGOUT,
    )
    .but("When the operator names them."),
];
