//! RFC 7592.

use super::{CLIENT, MUST, MUST_NOT, REQUIRED, Row, SHOULD, kept, not_ours};

const ALLOWED: &str = "Every client may manage itself.";

pub const ROWS: &[Row] = &[
    not_ours(
        "2",
        MUST,
        "A client manages itself with its registration access token.",
        CLIENT,
    ),
    kept(
        "2",
        MUST,
        "The address takes that token, as a bearer token, and nothing else.",
        &["server/tests/manage/credentials.rs::management_needs_the_registration_access_token"],
    ),
    kept(
        "2",
        MUST,
        "It is protected by TLS.",
        &["server/tests/sentences/tls.rs::everything_is_served_over_tls_only"],
    ),
    kept(
        "2",
        MUST,
        "A method it does not have is answered with its error.",
        &["server/tests/sentences/rfc7592.rs::unsupported_method_is_405"],
    ),
    kept(
        "2.1",
        SHOULD,
        "Reading is idempotent.",
        &[
            "server/tests/sentences/rfc7592.rs::reading_changes_nothing",
            "server/tests/manage/credentials.rs::client_reads_its_registration",
        ],
    ),
    not_ours(
        "2.1",
        MUST,
        "A client that is given a new secret or token forgets the old one.",
        CLIENT,
    ),
    kept(
        "2.1",
        MUST_NOT,
        "The identifier never changes.",
        &["server/tests/manage/credentials.rs::client_reads_its_registration"],
    ),
    kept(
        "2.1",
        MUST,
        "A wrong token is answered as RFC 6750 says.",
        &["server/tests/sentences/rfc7591.rs::wrong_token_gets_bearer_error"],
    ),
    kept(
        "2.1",
        MUST,
        "A client that does not exist is 401.",
        &[
            "server/tests/sentences/rfc7592.rs::unknown_client_is_401",
            "server/tests/manage/credentials.rs::foreign_client_looks_unknown",
        ],
    ),
    kept(
        "2.1",
        SHOULD,
        "The token of a client that does not exist is revoked at once.",
        &["server/tests/sentences/rfc7592.rs::unknown_client_is_401"],
    ),
    not_ours(
        "2.1",
        MUST,
        "A client that may not read itself is 403.",
        ALLOWED,
    ),
    not_ours(
        "2.2",
        MUST,
        "An update has every member of the last answer.",
        CLIENT,
    ),
    kept(
        "2.2",
        MUST_NOT,
        "It has none of `registration_access_token`, `registration_client_uri`, `client_secret_expires_at` and `client_id_issued_at`.",
        &[
            "server/tests/manage/update.rs::forbidden_members_are_named_together",
            "server/tests/sentences/rfc7592.rs::update_cannot_change_issued_values",
            "server/tests/manage/update.rs::refused_update_changes_nothing",
        ],
    ),
    kept(
        "2.2",
        MUST,
        "What it says takes the place of what was, and is not added to it.",
        &[
            "server/tests/sentences/rfc7592.rs::answer_is_accepted_as_update",
            "server/tests/manage/update.rs::update_replaces_all_metadata",
        ],
    ),
    kept(
        "2.2",
        MUST,
        "What is left out is taken for null and goes away.",
        &[
            "server/tests/sentences/rfc7592.rs::answer_is_accepted_as_update",
            "server/tests/manage/update.rs::update_replaces_all_metadata",
        ],
    ),
    kept(
        "2.2",
        MUST,
        "`client_id` is there and is the client's own.",
        &[
            "server/tests/sentences/rfc7592.rs::update_cannot_change_issued_values",
            "server/tests/manage/update.rs::refused_update_changes_nothing",
        ],
    ),
    kept(
        "2.2",
        MUST,
        "`client_secret`, where it is sent, is the client's own.",
        &[
            "server/tests/sentences/rfc7592.rs::update_cannot_change_issued_values",
            "server/tests/manage/update.rs::refused_update_changes_nothing",
        ],
    ),
    kept(
        "2.2",
        MUST_NOT,
        "A client does not choose its secret.",
        &["server/tests/sentences/rfc7592.rs::update_cannot_change_issued_values"],
    ),
    kept(
        "2.2",
        MUST,
        "What was replaced is in the answer.",
        &["server/tests/manage/update.rs::update_follows_registration_rules"],
    ),
    kept(
        "2.2",
        MUST_NOT,
        "The identifier never changes.",
        &["server/tests/sentences/rfc7592.rs::answer_is_accepted_as_update"],
    ),
    not_ours(
        "2.2",
        MUST,
        "A client that is given a new secret or token forgets the old one.",
        CLIENT,
    ),
    kept(
        "2.2",
        MUST,
        "A wrong token is answered as RFC 6750 says.",
        &["server/tests/sentences/rfc7591.rs::wrong_token_gets_bearer_error"],
    ),
    kept(
        "2.2",
        MUST,
        "A client that does not exist is 401, and its token is revoked at once.",
        &["server/tests/sentences/rfc7592.rs::unknown_client_is_401"],
    ),
    not_ours(
        "2.2",
        MUST,
        "A client that may not update itself is 403.",
        ALLOWED,
    ),
    kept(
        "2.2",
        MUST,
        "What cannot be agreed to is refused as at registration, and changes nothing.",
        &["server/tests/manage/update.rs::refused_update_changes_nothing"],
    ),
    kept(
        "2.3",
        MUST,
        "A deletion is answered 204 and ends the identifier, the secret and the token.",
        &[
            "server/tests/manage/credentials.rs::deleted_client_is_unknown",
            "server/tests/register/published_clients.rs::certification_suite_registers",
        ],
    ),
    not_ours(
        "2.3",
        SHOULD,
        "It ends every grant and token of the client.",
        "A duty of the authorization server, which finds the client gone from the store.",
    ),
    not_ours(
        "2.3",
        MUST,
        "A server without deletion answers 405.",
        "There is deletion.",
    ),
    kept(
        "2.3",
        MUST,
        "A wrong token is answered as RFC 6750 says.",
        &["server/tests/sentences/rfc7591.rs::wrong_token_gets_bearer_error"],
    ),
    kept(
        "2.3",
        MUST,
        "A client that does not exist is 401.",
        &[
            "server/tests/sentences/rfc7592.rs::unknown_client_is_401",
            "server/tests/manage/credentials.rs::deleted_client_is_unknown",
        ],
    ),
    kept(
        "2.3",
        SHOULD,
        "The token of a client that does not exist is revoked at once.",
        &["server/tests/sentences/rfc7592.rs::unknown_client_is_401"],
    ),
    not_ours(
        "2.3",
        MUST,
        "A client that may not delete itself is 403.",
        ALLOWED,
    ),
    kept(
        "3",
        REQUIRED,
        "`registration_client_uri`, the whole address of management, is in the answer.",
        &["server/tests/sentences/rfc7592.rs::management_address_works_as_given"],
    ),
    kept(
        "3",
        REQUIRED,
        "`registration_access_token` is in the answer.",
        &[
            "server/tests/sentences/rfc7592.rs::management_address_works_as_given",
            "server/tests/manage/credentials.rs::client_reads_its_registration",
        ],
    ),
    kept(
        "3",
        MUST,
        "Everything that is registered is in the answer, what the provider added included.",
        &[
            "server/tests/sentences/rfc7592.rs::answer_is_accepted_as_update",
            "server/tests/manage/credentials.rs::client_reads_its_registration",
        ],
    ),
];
