//! OAuth Client ID Metadata Document, draft-ietf-oauth-client-id-metadata-document-02, and sentences of its editors' branch after it.

use super::{
    DEVELOPER, MUST, MUST_NOT, RECOMMENDED, Row, SCREEN, SERVER, SHOULD, SHOULD_NOT, kept, not_ours,
};

const MAY: &str = "MAY";

const SPELLINGS: &str = "protocol/tests/client_id_url.rs::cimd_3_spellings";
const CLIENT_ID: &str = "admission/tests/documents/refused.rs::cimd_4_client_id_equals_the_url";
const CHOICES: &str = "protocol/tests/published.rs::cimd_6_choices_decide_the_method";
const PLAIN_REQUEST: &str =
    "outbound/tests/client_documents.rs::document_is_fetched_with_a_plain_request";
const WRONG_ANSWERS: &str =
    "outbound/tests/client_documents.rs::wrong_answer_fails_with_its_reason";
const PUBLISHED: &str =
    "admission/tests/documents/published.rs::cimd_4_published_documents_are_judged";

pub const ROWS: &[Row] = &[
    kept("3", MUST, "The identifier is an https URL.", &[SPELLINGS]),
    kept("3", MUST, "It has a path.", &[SPELLINGS]),
    kept(
        "3",
        MUST_NOT,
        "It has a path segment of one or two dots.",
        &[
            SPELLINGS,
            "protocol/tests/client_id_url.rs::cimd_3_accepted_urls_are_in_normal_form",
        ],
    ),
    kept("3", MUST_NOT, "It has a fragment.", &[SPELLINGS]),
    kept("3", MUST_NOT, "It has user information.", &[SPELLINGS]),
    kept("3", SHOULD_NOT, "It has a query.", &[SPELLINGS]).but("A query is refused."),
    kept("3", MAY, "It has a port.", &[SPELLINGS]),
    kept(
        "3",
        SHOULD,
        "It is compared as text.",
        &[SPELLINGS, CLIENT_ID],
    )
    .but("A second spelling of the same URL is refused, so that none is another client."),
    not_ours("3", RECOMMENDED, "It is short and stable.", DEVELOPER),
    kept(
        "4",
        MUST,
        "The document is one JSON object.",
        &["admission/tests/documents/refused.rs::cimd_4_json_is_strict"],
    ),
    kept(
        "4",
        MUST,
        "Its `client_id` equals the URL, compared as text.",
        &[
            CLIENT_ID,
            "admission/tests/documents/published.rs::cimd_4_document_of_another_url_is_refused",
        ],
    ),
    kept(
        "4",
        MAY,
        "It has any other member of client metadata.",
        &[PUBLISHED],
    ),
    kept(
        "4.1",
        MUST_NOT,
        "`token_endpoint_auth_method` is a method with a shared secret.",
        &[
            "admission/tests/documents/refused.rs::cimd_4_1_secret_methods_of_documents_are_refused",
            "protocol/tests/published.rs::cimd_4_1_secret_methods_are_refused",
        ],
    ),
    kept(
        "4.1",
        MUST_NOT,
        "`token_endpoint_auth_methods_supported` has methods with a shared secret (after -02).",
        &[
            "protocol/tests/published.rs::cimd_4_1_secret_methods_are_refused",
            "protocol/tests/published.rs::cimd_4_1_secret_algorithms_are_refused",
        ],
    )
    .but("A list is narrowed, and refused when nothing is left of it."),
    kept(
        "4.1",
        MUST_NOT,
        "The document has `client_secret` or `client_secret_expires_at`.",
        &["admission/tests/documents/refused.rs::cimd_4_1_secret_members_are_refused"],
    ),
    kept(
        "4.1",
        MUST_NOT,
        "`jwks` has a private or a symmetric key.",
        &["admission/tests/documents/refused.rs::cimd_4_1_private_keys_are_refused"],
    ),
    not_ours(
        "4.2",
        MUST,
        "The redirect URI of a request is among the registered ones.",
        "A duty of the authorization server; the lookup answers whether it is.",
    ),
    kept(
        "4.3",
        MAY,
        "A document has a software statement.",
        &[
            "admission/tests/documents/statements.rs::cimd_4_3_statement_overrides_the_document",
            "admission/tests/documents/statements.rs::cimd_4_3_claims_pass_the_same_rules",
            "admission/tests/documents/statements.rs::cimd_4_3_refused_statements_are_named",
        ],
    ),
    kept(
        "5",
        SHOULD,
        "The document is fetched when a client first appears.",
        &[PLAIN_REQUEST],
    ),
    kept(
        "5",
        MUST,
        "Only the status 200 is a success.",
        &[WRONG_ANSWERS],
    ),
    kept("5", MUST_NOT, "A redirect is followed.", &[WRONG_ANSWERS]),
    kept(
        "5.1",
        SHOULD,
        "A request is aborted when the document cannot be had.",
        &[
            "documents/tests/resolve.rs::cimd_5_1_stale_document_serves_for_a_while",
            "documents/tests/resolve.rs::cimd_5_2_bad_document_is_refused_and_not_kept",
        ],
    )
    .but(
        "A document that was in use serves for `document_stale` while its host cannot be reached.",
    ),
    kept(
        "5.2",
        SHOULD,
        "The document is cached as HTTP says, within bounds of the provider.",
        &["outbound/tests/client_documents.rs::lifetime_is_within_the_bounds"],
    ),
    kept(
        "5.2",
        MUST_NOT,
        "An error or an invalid document is cached.",
        &[
            "outbound/tests/client_documents.rs::only_an_admitted_document_is_kept",
            "documents/tests/resolve.rs::cimd_5_2_bad_document_is_refused_and_not_kept",
        ],
    ),
    kept(
        "6",
        MUST,
        "A client with neither a method nor choices has the method `none` (after -02).",
        &[CHOICES],
    ),
    kept(
        "6",
        MUST,
        "A method is one of the client's choices, and a method that is not offered is no error if another choice is (after -02).",
        &[
            CHOICES,
            "protocol/tests/published.rs::cimd_6_narrowed_methods_are_kept",
            "admission/tests/documents/published.rs::cimd_6_offered_methods_of_a_document_are_kept",
        ],
    ),
    not_ours(
        "6",
        MUST,
        "A client that authenticates is authenticated as its document says.",
        SERVER,
    ),
    kept(
        "6",
        MUST,
        "The document of the authorization server says `client_id_metadata_document_supported`.",
        &["server/tests/hop/settings.rs::cimd_6_support_is_in_the_document"],
    ),
    kept(
        "7.1",
        SHOULD_NOT,
        "An identifier of a registered client begins with `https://`.",
        &["protocol/tests/client_id_url.rs::cimd_7_1_beginning_tells_url_identifiers"],
    ),
    kept(
        "7.2",
        MAY,
        "URLs are registered beforehand.",
        &[
            "documents/tests/resolve.rs::cimd_8_6_rules_before_the_fetch_connect_to_nothing",
            "server/tests/document_commands.rs::document_has_a_life_cycle",
        ],
    )
    .but("`frontdesk document add`."),
    kept(
        "8.1",
        MAY,
        "Redirect URIs are restricted to the origin of the document.",
        &["admission/tests/documents/refused.rs::cimd_8_1_urls_are_on_the_documents_host"],
    )
    .but("To its host, unless `document_redirects` is `any`."),
    not_ours("8.3", SHOULD, "A developer keeps the domain.", DEVELOPER),
    kept(
        "8.4",
        SHOULD,
        "Changes that matter for consent and tokens are noticed.",
        &[
            "protocol/tests/published.rs::cimd_8_4_changes_are_named",
            "documents/tests/resolve.rs::cimd_8_4_change_is_told_at_the_next_fetch",
        ],
    ),
    not_ours(
        "8.5",
        SHOULD,
        "The host of the identifier is shown to the user.",
        SCREEN,
    ),
    kept(
        "8.6",
        MUST,
        "The URL of the document does not resolve to a special-use address.",
        &["outbound/tests/client_documents.rs::private_address_of_a_client_gets_no_connection"],
    )
    .but("Unless `outbound.allow` names it."),
    kept(
        "8.6",
        SHOULD_NOT,
        "A URL in the document that resolves to a special-use address is fetched.",
        &[
            "admission/tests/documents/refused.rs::cimd_8_6_private_addresses_are_refused",
            "admission/tests/documents/refused.rs::cimd_8_6_sector_documents_are_refused",
        ],
    ),
    kept(
        "8.7",
        SHOULD,
        "The length of what is read is limited; 5 KB are recommended.",
        &["outbound/tests/client_documents.rs::document_has_a_limited_length"],
    ),
    not_ours(
        "8.8",
        SHOULD,
        "A logo is not loaded from the client's host by the browser.",
        SCREEN,
    ),
    not_ours(
        "A",
        SHOULD,
        "Where redirects are restricted, a service for development is exempt.",
        "There is none; redirects to loopback are never restricted, and `document_redirects` lifts the rule.",
    ),
];
