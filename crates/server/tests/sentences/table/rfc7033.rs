//! RFC 7033.

use super::{CLIENT, MUST, MUST_NOT, Row, SHOULD, SHOULD_NOT, kept, not_ours};

pub const ROWS: &[Row] = &[
    kept(
        "4",
        MUST_NOT,
        "WebFinger is served over https and by no other scheme.",
        &["server/tests/sentences/tls.rs::everything_is_served_over_tls_only"],
    )
    .but("With `tls.mode = off` a proxy in front does it, or it is development on loopback."),
    kept(
        "4",
        MUST,
        "Its path is `/.well-known/webfinger`.",
        &["server/tests/sentences/rfc7033.rs::only_the_well_known_path_is_webfinger"],
    ),
    not_ours(
        "4",
        SHOULD,
        "A query is sent to the host that the resource names.",
        CLIENT,
    ),
    kept(
        "4.1",
        MUST,
        "A query has one `resource` and perhaps several `rel`, percent-encoded, in any order.",
        &["server/tests/sentences/rfc7033.rs::a_query_is_percent_encoded_and_in_any_order"],
    ),
    kept(
        "4.2",
        MUST,
        "A request whose `resource` is absent or malformed is bad (400).",
        &[
            "server/tests/sentences/rfc7033.rs::malformed_is_400_and_unknown_is_404",
            "webfinger/tests/http.rs::unanswerable_query_is_refused",
        ],
    ),
    kept(
        "4.2",
        MUST,
        "A resource the server knows nothing about is not found (404).",
        &[
            "server/tests/sentences/rfc7033.rs::malformed_is_400_and_unknown_is_404",
            "webfinger/tests/http.rs::unanswerable_query_is_refused",
        ],
    ),
    not_ours("4.2", MUST, "A client asks over https only.", CLIENT),
    not_ours(
        "4.2",
        MUST_NOT,
        "A client that fails over https does not try http.",
        CLIENT,
    ),
    kept(
        "4.2",
        MUST,
        "The answer is a JRD unless another representation that is supported is asked for.",
        &[
            "server/tests/sentences/rfc7033.rs::descriptor_ignores_accept",
            "webfinger/tests/http.rs::an_account_leads_to_its_issuer",
        ],
    ),
    kept(
        "4.2",
        MUST,
        "Representations that are not supported are ignored without a word.",
        &[
            "server/tests/sentences/rfc7033.rs::descriptor_ignores_accept",
            "webfinger/tests/http.rs::credentials_and_accept_are_ignored",
        ],
    ),
    kept(
        "4.2",
        MUST,
        "A redirection leads to https only.",
        &["server/tests/sentences/rfc7033.rs::descriptor_ignores_accept"],
    )
    .but("There are no redirections."),
    kept(
        "4.3",
        SHOULD,
        "`rel` is supported: it chooses among the links and changes nothing else.",
        &[
            "server/tests/sentences/rfc7033.rs::rel_chooses_links_and_nothing_else",
            "webfinger/tests/http.rs::rel_chooses_among_the_links",
        ],
    ),
    not_ours(
        "4.3",
        MUST,
        "A server that does not support `rel` ignores it.",
        "It is supported.",
    ),
    not_ours(
        "4.4",
        MUST,
        "A client ignores members it does not know.",
        CLIENT,
    ),
    kept(
        "4.4.1",
        SHOULD,
        "The descriptor has its `subject`.",
        &["server/tests/sentences/rfc7033.rs::descriptor_has_subject_and_links"],
    ),
    kept(
        "4.4.4.1",
        MUST,
        "Each link has a `rel`, which is exactly one URI or registered relation type.",
        &["server/tests/sentences/rfc7033.rs::descriptor_has_subject_and_links"],
    ),
    kept(
        "4.4.4.4",
        SHOULD_NOT,
        "A link has no two titles in one language.",
        &["server/tests/sentences/rfc7033.rs::a_link_has_one_title_in_each_language"],
    ),
    kept(
        "5",
        MUST,
        "Answers carry `Access-Control-Allow-Origin`.",
        &[
            "server/tests/sentences/rfc7033.rs::every_answer_allows_any_origin",
            "webfinger/tests/http.rs::pages_read_answers_uncredentialed",
        ],
    ),
    kept(
        "5",
        SHOULD,
        "Its value is the least restrictive there is.",
        &["server/tests/sentences/rfc7033.rs::every_answer_allows_any_origin"],
    ),
    not_ours(
        "5",
        SHOULD,
        "A server that restricts access names the origins it lets in.",
        "What it says of a resource is public.",
    ),
];
