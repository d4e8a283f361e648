//! OpenID Connect Dynamic Client Registration 1.0.

use super::{
    CLIENT, DEVELOPER, MUST, MUST_NOT, NOT_RECOMMENDED, RECOMMENDED, REQUIRED, Row, SCREEN, SERVER,
    SHOULD, SHOULD_NOT, kept, not_ours,
};

pub const ROWS: &[Row] = &[
    kept(
        "2",
        REQUIRED,
        "`redirect_uris` are there.",
        &["server/tests/sentences/rfc7591.rs::redirecting_flows_require_redirect_uri"],
    )
    .but("Where a granted flow redirects (RFC 7591 §2): a client of `client_credentials` alone has nowhere to be sent back to."),
    kept(
        "2",
        MUST,
        "A redirection URI is compared as plain text, so it is kept byte for byte.",
        &["server/tests/register/redirect_uris.rs::redirect_uris_are_kept_byte_for_byte"],
    )
    .but("Comparing is the authorization server's."),
    kept(
        "2",
        MUST,
        "Each response type has its grants among the registered ones.",
        &[
            "protocol/tests/wire.rs::grants_and_response_types_are_made_consistent",
            "server/tests/register/metadata.rs::answer_has_the_agreed_metadata",
        ],
    )
    .but("Response types whose grants are not asked for are left out of what is agreed."),
    kept(
        "2",
        MUST,
        "A web client with the implicit grant has https redirection URIs only.",
        &[
            "server/tests/register/application_types.rs::web_application_on_loopback",
            "server/tests/register/application_types.rs::update_of_a_web_application_on_loopback",
        ],
    ),
    kept(
        "2",
        MUST_NOT,
        "Nor are these on localhost.",
        &["server/tests/register/redirect_uris.rs::redirect_uri_fits_application_type"],
    ),
    kept(
        "2",
        MUST,
        "A native client has redirection URIs of its own scheme or on loopback only.",
        &["server/tests/register/redirect_uris.rs::redirect_uri_fits_application_type"],
    )
    .but("And https ones that the system hands to the application, which RFC 8252 §7.2 has added since."),
    kept(
        "2",
        MUST,
        "Registration sees that every redirection URI keeps these rules.",
        &[
            "server/tests/register/redirect_uris.rs::redirect_uri_fits_application_type",
            "protocol/tests/wire.rs::application_type_is_inferred_from_redirect_uris",
        ],
    ),
    not_ours("2", SHOULD, "Users are shown `logo_uri`, `client_uri`, `policy_uri` and `tos_uri`.", SCREEN),
    not_ours("2", MUST, "These lead to an image and to pages.", DEVELOPER),
    kept("2", MUST, "`jwks_uri` is https.", &["server/tests/sentences/rfc7591.rs::keys_are_public_and_in_one_place"]),
    not_ours("2", REQUIRED, "Every key of a client has a `use` where it has keys for both purposes.", DEVELOPER),
    not_ours("2", NOT_RECOMMENDED, "One key of a client signs and decrypts.", DEVELOPER),
    not_ours("2", MUST, "Where a client uses `x5c`, the bare key is there too and is the certificate's.", DEVELOPER),
    kept(
        "2",
        MUST_NOT,
        "`jwks` and `jwks_uri` do not stand together.",
        &["server/tests/sentences/rfc7591.rs::keys_are_public_and_in_one_place"],
    ),
    kept(
        "2",
        MUST_NOT,
        "A client's key set has no private and no symmetric key.",
        &[
            "server/tests/sentences/rfc7591.rs::keys_are_public_and_in_one_place",
            "protocol/tests/wire.rs::key_sets_hold_public_keys_only",
        ],
    )
    .but("One at `jwks_uri` is not fetched here."),
    not_ours("2", SHOULD, "Pairwise subjects are calculated from the sector.", SERVER),
    kept(
        "2",
        MUST_NOT,
        "ID Tokens are unsigned only for a client that gets none from the authorization endpoint.",
        &[
            "server/tests/sentences/oidc_registration.rs::front_channel_jwts_are_signed",
            "protocol/tests/wire.rs::required_signatures_are_enforced",
        ],
    ),
    kept(
        "2",
        MUST,
        "`id_token_encrypted_response_enc`, `userinfo_encrypted_response_enc` and `request_object_encryption_enc` stand beside their `alg` only.",
        &[
            "server/tests/sentences/oidc_registration.rs::encryption_with_a_shared_key_brings_a_secret",
            "protocol/tests/wire.rs::content_encryption_requires_key_management",
        ],
    ),
    kept(
        "2",
        SHOULD,
        "A client that says it encrypts with a shared key is given the secret for it.",
        &["server/tests/sentences/oidc_registration.rs::encryption_with_a_shared_key_brings_a_secret"],
    ),
    not_ours("2", MUST, "A request object or an authentication that is not signed with the registered algorithm is rejected.", SERVER),
    not_ours(
        "2",
        SHOULD,
        "Request objects may be signed with RS256.",
        "The document says that there are no request objects, until an operator whose server has them says otherwise.",
    ),
    kept(
        "2",
        MUST_NOT,
        "`token_endpoint_auth_signing_alg` is not `none`.",
        &[
            "server/tests/sentences/oidc_registration.rs::front_channel_jwts_are_signed",
            "protocol/tests/wire.rs::required_signatures_are_enforced",
        ],
    ),
    not_ours("2", MUST, "Users are authenticated again after `default_max_age`.", SERVER),
    not_ours("2", MUST, "What is at `initiate_login_uri` understands GET and POST, `login_hint` and `iss`.", DEVELOPER),
    kept(
        "2",
        MUST,
        "`request_uris` are https, unless what is there is signed.",
        &["protocol/tests/wire.rs::request_uris_are_https_and_limited"],
    )
    .but("Here always, since nothing is fetched to see whether it is signed."),
    not_ours("2", SHOULD, "A request URI whose content may change has the content's hash for a fragment.", DEVELOPER),
    kept(
        "2.1",
        MUST,
        "A text without a language tag is used as it is, and nothing is concluded of its language.",
        &[
            "server/tests/register/metadata.rs::human_readable_members_come_in_languages",
            "protocol/tests/wire.rs::language_tags_belong_to_members_shown_to_people",
        ],
    ),
    kept(
        "2.1",
        SHOULD,
        "Language tags are compared in any case.",
        &["server/tests/register/metadata.rs::human_readable_members_come_in_languages"],
    ),
    not_ours("2.1", RECOMMENDED, "There is a text without a tag beside those with one, and tags have their canonical case.", DEVELOPER),
    kept(
        "3",
        MUST,
        "Registration is spoken over TLS.",
        &["server/tests/sentences/tls.rs::everything_is_served_over_tls_only"],
    ),
    kept(
        "3",
        SHOULD,
        "Registration is open to requests without a token.",
        &["server/tests/sentences/rfc7591.rs::registration_is_answered_201_in_json"],
    )
    .but("Where the operator says so: `registration = \"open\"`; the default is protected."),
    kept(
        "3",
        MUST,
        "Where a token is demanded, it is taken as RFC 6750 sends it.",
        &["server/tests/sentences/rfc7591.rs::an_initial_access_token_is_a_bearer_token"],
    ),
    kept(
        "3",
        SHOULD,
        "Pages of other origins may register.",
        &["server/tests/sentences/oidc_registration.rs::pages_of_any_origin_may_register_and_manage"],
    ),
    kept(
        "3.1",
        MUST,
        "A registration is a POST of JSON.",
        &[
            "server/tests/sentences/rfc7591.rs::registration_is_answered_201_in_json",
            "server/tests/register/published_clients.rs::certification_suite_registers",
        ],
    ),
    kept(
        "3.2",
        MUST,
        "What was replaced or added is in the answer.",
        &[
            "server/tests/sentences/oidc_registration.rs::encryption_with_a_shared_key_brings_a_secret",
            "server/tests/register/metadata.rs::answer_has_the_agreed_metadata",
        ],
    ),
    kept(
        "3.2",
        MUST,
        "Members that are not understood are ignored.",
        &[
            "server/tests/sentences/rfc7591.rs::registration_is_answered_201_in_json",
            "server/tests/register/metadata.rs::unknown_members_are_ignored",
        ],
    ),
    kept(
        "3.2",
        MUST_NOT,
        "No two clients have one identifier.",
        &["server/tests/sentences/rfc7591.rs::registration_is_answered_201_in_json"],
    ),
    kept(
        "3.2",
        MUST_NOT,
        "No two clients have one secret.",
        &["server/tests/sentences/rfc7591.rs::registration_is_answered_201_in_json"],
    ),
    kept(
        "3.2",
        MUST,
        "The address of management and its token come together or not at all.",
        &["server/tests/sentences/rfc7592.rs::management_address_works_as_given"],
    ),
    kept(
        "3.2",
        REQUIRED,
        "`client_secret_expires_at` is there where a secret is, 0 for never.",
        &[
            "server/tests/sentences/rfc7591.rs::registration_is_answered_201_in_json",
            "server/tests/register/metadata.rs::secret_is_issued_only_if_needed",
        ],
    ),
    kept(
        "3.2",
        SHOULD,
        "The answer is 201 and JSON of the type `application/json`.",
        &["server/tests/sentences/rfc7591.rs::registration_is_answered_201_in_json"],
    ),
    kept(
        "3.3",
        MUST,
        "An error of OAuth is answered as RFC 6750 §3 says.",
        &["server/tests/sentences/rfc7591.rs::wrong_token_gets_bearer_error"],
    ),
    kept(
        "3.3",
        REQUIRED,
        "An error of registration is 400 and JSON with an `error`, `invalid_redirect_uri` or `invalid_client_metadata` where these fit.",
        &[
            "server/tests/sentences/rfc7591.rs::an_error_is_one_json_object_in_ascii",
            "server/tests/register/metadata.rs::initiate_login_uri_requires_https",
        ],
    ),
    not_ours("4", MUST, "A client manages itself with its registration access token.", CLIENT),
    kept(
        "4",
        MUST,
        "Management is spoken over TLS.",
        &["server/tests/sentences/tls.rs::everything_is_served_over_tls_only"],
    ),
    kept(
        "4",
        SHOULD,
        "Pages of other origins may manage.",
        &["server/tests/sentences/oidc_registration.rs::pages_of_any_origin_may_register_and_manage"],
    ),
    kept(
        "4.1",
        MUST,
        "The answer has the whole address of management.",
        &["server/tests/sentences/rfc7592.rs::management_address_works_as_given"],
    ),
    kept(
        "4.1",
        MUST_NOT,
        "A client is not expected to put that address together.",
        &["server/tests/sentences/rfc7592.rs::management_address_works_as_given"],
    ),
    not_ours("4.1", MUST, "A client uses that address as it is given.", CLIENT),
    kept(
        "4.1",
        RECOMMENDED,
        "It is the registration endpoint's with the identifier in it.",
        &["server/tests/sentences/rfc7592.rs::management_address_works_as_given"],
    ),
    kept("4.2", SHOULD, "Reading is idempotent.", &["server/tests/sentences/rfc7592.rs::reading_changes_nothing"]),
    kept("4.3", SHOULD_NOT, "Reading does not change what is registered.", &["server/tests/sentences/rfc7592.rs::reading_changes_nothing"]),
    kept(
        "4.4",
        MUST,
        "An error of OAuth is answered as RFC 6750 §3 says.",
        &["server/tests/sentences/rfc7591.rs::wrong_token_gets_bearer_error"],
    ),
    kept(
        "4.4",
        MUST,
        "A client that does not exist is 401.",
        &[
            "server/tests/sentences/rfc7592.rs::unknown_client_is_401",
            "server/tests/manage/credentials.rs::foreign_client_looks_unknown",
        ],
    ),
    kept(
        "4.4",
        SHOULD,
        "The token of a client that does not exist is revoked at once.",
        &["server/tests/sentences/rfc7592.rs::unknown_client_is_401"],
    ),
    not_ours("4.4", MUST, "A client that may not read its own record is 403.", "Every client may read its own."),
    kept(
        "4.4",
        MUST_NOT,
        "Nothing is 404 there.",
        &["server/tests/manage/credentials.rs::foreign_client_looks_unknown"],
    ),
    kept(
        "5",
        MUST,
        "`sector_identifier_uri` is an https URL of a JSON array of redirection URIs.",
        &[
            "server/tests/register/sectors.rs::invalid_sector_document_is_refused",
            "server/tests/register/sectors.rs::private_address_gets_no_connection",
        ],
    ),
    kept(
        "5",
        MUST,
        "Every redirection URI of the client is in that array, or registration fails.",
        &["server/tests/register/sectors.rs::a_sector_document_lists_every_redirect_uri"],
    ),
    kept(
        "5",
        MUST,
        "That is seen to when the client registers.",
        &["server/tests/register/sectors.rs::a_sector_document_lists_every_redirect_uri"],
    ),
];
