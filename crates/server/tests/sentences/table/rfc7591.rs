//! RFC 7591.

use super::{
    CLIENT, DEVELOPER, MUST, MUST_NOT, RECOMMENDED, REQUIRED, Row, SCREEN, SHOULD, SHOULD_NOT,
    kept, not_ours,
};

pub const ROWS: &[Row] = &[
    kept(
        "2",
        MUST,
        "Clients of flows that redirect register where to, and the provider supports it.",
        &["server/tests/sentences/rfc7591.rs::redirecting_flows_require_redirect_uri"],
    ),
    kept(
        "2",
        MUST,
        "`grant_types` and `response_types` have the values of the requests they are for.",
        &[
            "server/tests/register/published_clients.rs::mcp_clients_are_native",
            "protocol/tests/wire.rs::grants_and_response_types_are_made_consistent",
        ],
    ),
    kept(
        "2",
        MUST,
        "What is left out is `client_secret_basic`, `authorization_code` and `code`.",
        &["server/tests/register/metadata.rs::minimal_client_gets_every_default"],
    ),
    not_ours(
        "2",
        SHOULD,
        "Users are shown `logo_uri`, `client_uri`, `tos_uri` and `policy_uri`.",
        SCREEN,
    ),
    not_ours("2", MUST, "These lead to an image and to pages.", DEVELOPER),
    not_ours(
        "2",
        RECOMMENDED,
        "A client says its name and its page.",
        DEVELOPER,
    ),
    kept(
        "2",
        MUST_NOT,
        "`jwks` and `jwks_uri` do not stand together, in a request or an answer.",
        &["server/tests/sentences/rfc7591.rs::keys_are_public_and_in_one_place"],
    ),
    kept(
        "2",
        MUST,
        "`jwks` is a JWK Set.",
        &[
            "server/tests/sentences/rfc7591.rs::keys_are_public_and_in_one_place",
            "admission/src/client_keys.rs::invalid_key_is_refused_without_echo",
        ],
    ),
    not_ours("2", MUST, "A JWK Set is at `jwks_uri`.", DEVELOPER),
    not_ours(
        "2",
        SHOULD,
        "`software_id` is one for all instances and `software_version` changes with the software.",
        DEVELOPER,
    ),
    kept(
        "2",
        MUST,
        "Members that are not understood are ignored.",
        &[
            "server/tests/register/metadata.rs::unknown_members_are_ignored",
            "protocol/tests/wire.rs::unknown_null_and_empty_members_are_absent",
        ],
    ),
    kept(
        "2",
        MUST,
        "A trusted software statement is believed rather than plain members.",
        &["server/tests/register/statements.rs::trusted_statement_overrides_members"],
    ),
    kept(
        "2.1",
        SHOULD,
        "No client registers with grants and response types that contradict each other.",
        &[
            "server/tests/register/metadata.rs::answer_has_the_agreed_metadata",
            "protocol/tests/wire.rs::grants_and_response_types_are_made_consistent",
        ],
    ),
    not_ours(
        "2.1",
        MUST,
        "A specification with new values says how they correspond.",
        "A duty of specifications.",
    ),
    not_ours(
        "2.2",
        RECOMMENDED,
        "Language tags have their canonical case, and a text without a tag stands beside those with one.",
        DEVELOPER,
    ),
    kept(
        "2.2",
        SHOULD,
        "Language tags are compared in any case.",
        &["server/tests/register/metadata.rs::human_readable_members_come_in_languages"],
    ),
    kept(
        "2.2",
        MUST,
        "A text without a language tag is used as it is, and nothing is concluded of its language.",
        &["server/tests/register/metadata.rs::human_readable_members_come_in_languages"],
    ),
    kept(
        "2.3",
        MUST,
        "A software statement is signed and says whose it is.",
        &[
            "server/tests/register/statements.rs::valid_statement_is_accepted",
            "server/tests/register/statements.rs::a_flawed_statement_is_invalid",
        ],
    ),
    kept(
        "2.3",
        RECOMMENDED,
        "It is signed with RS256 and has a `software_id`.",
        &["server/tests/register/statements.rs::valid_statement_is_accepted"],
    )
    .but("PS256, ES256 and EdDSA are taken too."),
    kept(
        "3",
        MUST,
        "The endpoint takes POST with a body of the type `application/json`.",
        &[
            "server/tests/sentences/rfc7591.rs::registration_is_answered_201_in_json",
            "server/tests/register/bodies.rs::a_body_is_sent_as_json",
        ],
    ),
    kept(
        "3",
        MUST,
        "It is protected by TLS.",
        &["server/tests/sentences/tls.rs::everything_is_served_over_tls_only"],
    ),
    kept(
        "3",
        SHOULD,
        "It is open to requests without a token.",
        &[
            "server/tests/sentences/rfc7591.rs::registration_is_answered_201_in_json",
            "server/tests/register/access.rs::open_provider_checks_credentials",
        ],
    )
    .but("Where the operator says so: `registration = \"open\"`; the default is protected."),
    kept(
        "3.1",
        MUST,
        "A registration is one JSON object with its members at its top.",
        &[
            "server/tests/sentences/rfc7591.rs::registration_is_answered_201_in_json",
            "server/tests/register/bodies.rs::ambiguous_json_body_is_refused",
        ],
    ),
    kept(
        "3.1.1",
        MUST,
        "A software statement is believed rather than plain members.",
        &["server/tests/register/statements.rs::trusted_statement_overrides_members"],
    ),
    kept(
        "3.2",
        MUST,
        "A registration is answered 201 with JSON of the type `application/json`.",
        &["server/tests/sentences/rfc7591.rs::registration_is_answered_201_in_json"],
    ),
    kept(
        "3.2.1",
        REQUIRED,
        "`client_id` is in the answer.",
        &["server/tests/register/metadata.rs::minimal_client_gets_every_default"],
    ),
    kept(
        "3.2.1",
        SHOULD_NOT,
        "No two clients have one identifier.",
        &["server/tests/register/metadata.rs::minimal_client_gets_every_default"],
    ),
    kept(
        "3.2.1",
        MUST,
        "A secret is another for every identifier.",
        &["server/tests/register/metadata.rs::minimal_client_gets_every_default"],
    ),
    kept(
        "3.2.1",
        REQUIRED,
        "`client_secret_expires_at` is there where a secret is, 0 for never.",
        &[
            "server/tests/register/metadata.rs::secret_is_issued_only_if_needed",
            "server/tests/manage/lifetimes.rs::secret_has_its_expiry_time",
        ],
    ),
    kept(
        "3.2.1",
        MUST,
        "Everything that was registered is in the answer, what the provider added included.",
        &[
            "server/tests/register/metadata.rs::minimal_client_gets_every_default",
            "server/tests/register/metadata.rs::answer_has_the_agreed_metadata",
        ],
    ),
    kept(
        "3.2.1",
        MUST,
        "A software statement that was used comes back unmodified.",
        &["server/tests/register/statements.rs::trusted_statement_overrides_members"],
    ),
    kept(
        "3.2.1",
        MUST,
        "What was used of it comes back as plain members too.",
        &["server/tests/register/statements.rs::trusted_statement_overrides_members"],
    ),
    kept(
        "3.2.2",
        MUST,
        "A wrong initial access token is answered as the token's type says.",
        &["server/tests/sentences/rfc7591.rs::wrong_token_gets_bearer_error"],
    ),
    kept(
        "3.2.2",
        REQUIRED,
        "An error of registration is 400 and JSON with an `error`.",
        &[
            "server/tests/sentences/rfc7591.rs::an_error_is_one_json_object_in_ascii",
            "server/tests/register/metadata.rs::invalid_metadata_is_refused_by_name",
        ],
    ),
    kept(
        "3.2.2",
        MUST,
        "`error_description` is ASCII.",
        &["server/tests/sentences/rfc7591.rs::an_error_is_one_json_object_in_ascii"],
    ),
    kept(
        "3.2.2",
        MUST,
        "A redirection URI that cannot be registered is `invalid_redirect_uri`.",
        &["server/tests/register/redirect_uris.rs::one_bad_redirect_uri_refuses_the_request"],
    ),
    kept(
        "3.2.2",
        MUST,
        "A software statement that is invalid, or from an untrusted issuer, gets the error code for it.",
        &[
            "server/tests/register/statements.rs::a_flawed_statement_is_invalid",
            "server/tests/register/statements.rs::untrusted_statement_is_unapproved",
        ],
    ),
    not_ours(
        "3.2.2",
        MUST,
        "Members of a refusal that are not understood are ignored.",
        CLIENT,
    ),
];
