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
        &["server/tests/sentences/tls.rs::everything_is_served_over_tls_and_nothing_beside_it"],
    ),
    kept(
        "2",
        MUST,
        "A method it does not have is answered with its error.",
        &["server/tests/sentences/rfc7592.rs::a_method_that_is_not_there_is_405"],
    ),
    kept(
        "2.1",
        SHOULD,
        "Reading is idempotent.",
        &[
            "server/tests/sentences/rfc7592.rs::reading_changes_nothing",
            "server/tests/manage/credentials.rs::a_client_reads_itself_as_it_was_registered",
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
        &["server/tests/manage/credentials.rs::a_client_reads_itself_as_it_was_registered"],
    ),
    kept(
        "2.1",
        MUST,
        "A wrong token is answered as RFC 6750 says.",
        &["server/tests/sentences/rfc7591.rs::a_wrong_token_is_answered_as_bearer_tokens_are"],
    ),
    kept(
        "2.1",
        MUST,
        "A client that does not exist is 401.",
        &[
            "server/tests/sentences/rfc7592.rs::a_client_that_does_not_exist_is_401_whatever_is_asked_of_it",
            "server/tests/manage/credentials.rs::what_is_not_there_looks_like_what_is_another_clients",
        ],
    ),
    kept(
        "2.1",
        SHOULD,
        "The token of a client that does not exist is revoked at once.",
        &[
            "server/tests/sentences/rfc7592.rs::a_client_that_does_not_exist_is_401_whatever_is_asked_of_it",
        ],
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
            "server/tests/sentences/rfc7592.rs::an_update_does_not_choose_what_is_issued",
            "server/tests/manage/update.rs::a_refused_update_changes_nothing",
        ],
    ),
    kept(
        "2.2",
        MUST,
        "What it says takes the place of what was, and is not added to it.",
        &[
            "server/tests/sentences/rfc7592.rs::an_answer_is_sent_back_as_an_update",
            "server/tests/manage/update.rs::an_update_replaces_everything",
        ],
    ),
    kept(
        "2.2",
        MUST,
        "What is left out is taken for null and goes away.",
        &[
            "server/tests/sentences/rfc7592.rs::an_answer_is_sent_back_as_an_update",
            "server/tests/manage/update.rs::an_update_replaces_everything",
        ],
    ),
    kept(
        "2.2",
        MUST,
        "`client_id` is there and is the client's own.",
        &[
            "server/tests/sentences/rfc7592.rs::an_update_does_not_choose_what_is_issued",
            "server/tests/manage/update.rs::a_refused_update_changes_nothing",
        ],
    ),
    kept(
        "2.2",
        MUST,
        "`client_secret`, where it is sent, is the client's own.",
        &[
            "server/tests/sentences/rfc7592.rs::an_update_does_not_choose_what_is_issued",
            "server/tests/manage/update.rs::a_refused_update_changes_nothing",
        ],
    ),
    kept(
        "2.2",
        MUST_NOT,
        "A client does not choose its secret.",
        &["server/tests/sentences/rfc7592.rs::an_update_does_not_choose_what_is_issued"],
    ),
    kept(
        "2.2",
        MUST,
        "What was replaced is in the answer.",
        &["server/tests/manage/update.rs::an_update_is_agreed_like_a_registration"],
    ),
    kept(
        "2.2",
        MUST_NOT,
        "The identifier never changes.",
        &["server/tests/sentences/rfc7592.rs::an_answer_is_sent_back_as_an_update"],
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
        &["server/tests/sentences/rfc7591.rs::a_wrong_token_is_answered_as_bearer_tokens_are"],
    ),
    kept(
        "2.2",
        MUST,
        "A client that does not exist is 401, and its token is revoked at once.",
        &[
            "server/tests/sentences/rfc7592.rs::a_client_that_does_not_exist_is_401_whatever_is_asked_of_it",
        ],
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
        &["server/tests/manage/update.rs::a_refused_update_changes_nothing"],
    ),
    kept(
        "2.3",
        MUST,
        "A deletion is answered 204 and ends the identifier, the secret and the token.",
        &[
            "server/tests/manage/credentials.rs::a_client_is_deleted_once",
            "server/tests/register/published_clients.rs::the_certification_suite_registers_and_cleans_up",
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
        &["server/tests/sentences/rfc7591.rs::a_wrong_token_is_answered_as_bearer_tokens_are"],
    ),
    kept(
        "2.3",
        MUST,
        "A client that does not exist is 401.",
        &[
            "server/tests/sentences/rfc7592.rs::a_client_that_does_not_exist_is_401_whatever_is_asked_of_it",
            "server/tests/manage/credentials.rs::a_client_is_deleted_once",
        ],
    ),
    kept(
        "2.3",
        SHOULD,
        "The token of a client that does not exist is revoked at once.",
        &[
            "server/tests/sentences/rfc7592.rs::a_client_that_does_not_exist_is_401_whatever_is_asked_of_it",
        ],
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
        &["server/tests/sentences/rfc7592.rs::the_address_of_management_is_used_as_it_is_given"],
    ),
    kept(
        "3",
        REQUIRED,
        "`registration_access_token` is in the answer.",
        &[
            "server/tests/sentences/rfc7592.rs::the_address_of_management_is_used_as_it_is_given",
            "server/tests/manage/credentials.rs::a_client_reads_itself_as_it_was_registered",
        ],
    ),
    kept(
        "3",
        MUST,
        "Everything that is registered is in the answer, what the provider added included.",
        &[
            "server/tests/sentences/rfc7592.rs::an_answer_is_sent_back_as_an_update",
            "server/tests/manage/credentials.rs::a_client_reads_itself_as_it_was_registered",
        ],
    ),
];
