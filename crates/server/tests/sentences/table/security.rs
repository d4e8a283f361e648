//! The promises of this service under attack, misuse and faults: every answer, every limit, every address that is not
//! fetched from.

use super::{Row, kept, not_ours};

const ANSWERS: &str = "answers";
const LIMITS: &str = "limits";
const FETCHING: &str = "fetching";
const FAULTS: &str = "faults";
const INPUT: &str = "any input";

const NOT_FETCHED: &[&str] = &[
    "server/tests/register/sectors.rs::private_address_gets_no_connection",
    "outbound/tests/fetch.rs::private_address_gets_no_connection",
];
const BODIES: &[&str] = &[
    "server/tests/register/bodies.rs::ambiguous_json_body_is_refused",
    "server/tests/register/bodies.rs::body_limits_are_configurable",
];
const HEADS: &[&str] = &[
    "server/tests/limits.rs::oversized_head_is_refused",
    "server/tests/limits.rs::limits_of_heads_are_configurable",
];
const KILLED: &[&str] = &["server/tests/shutdown.rs::answered_registrations_survive_kill"];
const AWAY: &[&str] = &["server/tests/shutdown.rs::database_outage_needs_no_restart"];
const FULL: &[&str] = &["server/tests/faults.rs::full_disk_refuses_only_writes"];
const SLOW: &[&str] = &[
    "server/tests/slow.rs::slow_clients_hit_the_time_limits",
    "server/tests/slow.rs::slow_clients_delay_no_other_client",
];

pub const ROWS: &[Row] = &[
    kept(
        ANSWERS,
        "201",
        "A registration is JSON that no cache keeps.",
        &["server/tests/journey.rs::four_steps_run_on_sqlite"],
    ),
    kept(
        ANSWERS,
        "200",
        "So is a client that is read or updated.",
        &["server/tests/manage/credentials.rs::client_reads_its_registration"],
    ),
    kept(
        ANSWERS,
        "204",
        "A deletion is empty.",
        &["server/tests/manage/credentials.rs::deleted_client_is_unknown"],
    ),
    kept(
        ANSWERS,
        "400",
        "A body that is no JSON object, says something twice or is too deep is `invalid_client_metadata`.",
        BODIES,
    ),
    kept(
        ANSWERS,
        "400",
        "One bad redirect URI is `invalid_redirect_uri` for the whole request.",
        &["server/tests/register/redirect_uris.rs::one_bad_redirect_uri_refuses_the_request"],
    ),
    kept(
        ANSWERS,
        "400",
        "Any other metadata that cannot be agreed is `invalid_client_metadata`, by its name.",
        &["server/tests/register/metadata.rs::invalid_metadata_is_refused_by_name"],
    ),
    kept(
        ANSWERS,
        "400",
        "A statement that is unreadable, unsigned or out of date is `invalid_software_statement`.",
        &["server/tests/register/statements.rs::a_flawed_statement_is_invalid"],
    ),
    kept(
        ANSWERS,
        "400",
        "A statement of an untrusted issuer is `unapproved_software_statement`.",
        &["server/tests/register/statements.rs::untrusted_statement_is_unapproved"],
    ),
    kept(
        ANSWERS,
        "401",
        "A request without credentials is told the schemes.",
        &["server/tests/register/access.rs::missing_credentials_name_schemes"],
    ),
    kept(
        ANSWERS,
        "401",
        "Wrong, foreign, old and unknown credentials look the same.",
        &[
            "server/tests/register/access.rs::wrong_credentials_name_their_scheme",
            "server/tests/manage/credentials.rs::foreign_client_looks_unknown",
        ],
    ),
    kept(
        ANSWERS,
        "405",
        "A method that is not offered is told those that are.",
        &[
            "server/tests/register/bodies.rs::registration_has_one_method",
            "server/tests/manage/credentials.rs::management_has_three_methods",
            "server/tests/wso2/doors.rs::wrong_method_gets_405_without_cors",
        ],
    ),
    kept(
        ANSWERS,
        "415",
        "A body of another type than JSON is refused.",
        &["server/tests/register/bodies.rs::a_body_is_sent_as_json"],
    ),
    kept(
        ANSWERS,
        "413",
        "A body over the limit is refused unread, and the connection closed.",
        &["server/tests/register/bodies.rs::oversized_body_is_refused_unread"],
    ),
    kept(
        ANSWERS,
        "429",
        "Who does something too often is told when to come back.",
        &["server/tests/throttle.rs::limited_account_gets_retry_after"],
    ),
    kept(
        ANSWERS,
        "503",
        "A store that is down or full is `temporarily_unavailable`, with the time to come back.",
        &[
            "server/tests/shutdown.rs::database_outage_needs_no_restart",
            "server/tests/faults.rs::full_disk_refuses_only_writes",
        ],
    ),
    kept(
        ANSWERS,
        "all",
        "No answer is a page, nor taken for one.",
        &["server/tests/answers.rs::answers_are_never_html_pages"],
    ),
    kept(
        ANSWERS,
        "400",
        "Ambiguous framing is refused, and the connection closed.",
        &["server/tests/register/bodies.rs::ambiguous_framing_is_refused"],
    ),
    kept(
        ANSWERS,
        "all",
        "No header that names a host changes a byte.",
        &[
            "server/tests/discovery/exchange.rs::host_headers_change_no_byte",
            "server/tests/discovery/exchange.rs::host_headers_change_no_issued_url",
        ],
    ),
    kept(
        ANSWERS,
        "all",
        "The identifier of a request is random, and tells nothing of other requests.",
        &["server/tests/request_ids.rs::request_ids_share_no_prefix"],
    ),
    kept(
        LIMITS,
        "414, 431",
        "A request's target, fields and head.",
        HEADS,
    ),
    kept(
        LIMITS,
        "413",
        "A body's bytes.",
        &["server/tests/register/bodies.rs::oversized_body_is_refused_unread"],
    ),
    kept(LIMITS, "400", "JSON's depth, members and elements.", BODIES),
    kept(
        LIMITS,
        "408 or closed",
        "The time a head takes to arrive.",
        SLOW,
    ),
    kept(
        LIMITS,
        "408",
        "The time a body takes to arrive.",
        &[
            "server/tests/slow.rs::slow_clients_hit_the_time_limits",
            "server/tests/register/bodies.rs::slow_or_incomplete_body_is_refused",
            "server/tests/http1_only.rs::endless_body_is_cut_off",
        ],
    ),
    kept(
        LIMITS,
        "closed",
        "The time a connection is idle.",
        &["server/tests/slow.rs::idle_connection_is_closed"],
    ),
    kept(
        LIMITS,
        "closed",
        "The connections of one address, proxies apart.",
        &[
            "server/tests/limits.rs::connections_of_an_address_are_limited",
            "server/tests/limits.rs::proxies_and_limit_0_are_unlimited",
            "server/tests/limits.rs::connections_with_tls_are_counted_too",
        ],
    ),
    kept(
        LIMITS,
        "closed",
        "TLS handshakes of one address under way, counted before TLS.",
        &[
            "server/tests/connections.rs::handshakes_of_an_address_are_limited",
            "server/tests/connections.rs::silent_connections_block_no_client",
        ],
    ),
    kept(
        LIMITS,
        "closed",
        "Open connections in all, by a setting or by what file descriptors leave.",
        &[
            "server/tests/connections.rs::total_connections_are_limited",
            "server/tests/connections.rs::connections_leave_descriptors_for_the_store",
            "server/tests/connections.rs::soft_limit_of_descriptors_is_raised",
        ],
    ),
    kept(
        LIMITS,
        "400 and closed",
        "HTTP/2 is not spoken, in any form.",
        &[
            "server/tests/http1_only.rs::alpn_chooses_http_1_1",
            "server/tests/http1_only.rs::http2_preface_is_400_and_costs_nothing",
            "server/tests/http1_only.rs::upgrade_to_h2c_is_not_taken",
        ],
    ),
    kept(
        LIMITS,
        "one row",
        "The kinds of refusals in the audit trail; beyond them a network's refusals share a row.",
        &["server/tests/audit.rs::networks_of_one_48_share_a_row"],
    ),
    kept(
        LIMITS,
        "503",
        "The time a request takes in all.",
        &["server/tests/request_ids.rs::log_lines_have_the_request_id"],
    ),
    kept(
        LIMITS,
        "400",
        "The time, size and number of outbound fetches.",
        &[
            "outbound/tests/fetch.rs::a_slow_answer_is_refused_in_time",
            "outbound/tests/fetch.rs::wrong_answers_get_the_same_error",
            "outbound/tests/fetch.rs::no_more_fetches_run_at_once_than_allowed",
        ],
    ),
    kept(
        LIMITS,
        "429",
        "Registrations of one account, token and anonymous address, except in networks that are not throttled.",
        &[
            "server/tests/throttle.rs::limited_account_gets_retry_after",
            "server/tests/throttle.rs::anonymous_clients_count_by_address",
            "server/tests/throttle.rs::equal_metadata_is_not_limited",
            "server/tests/throttle.rs::unthrottled_networks_have_no_limit",
            "server/tests/throttle.rs::unthrottled_network_is_limited_elsewhere",
        ],
    ),
    kept(
        LIMITS,
        "429",
        "Wrong passwords of one account and address, and of one address.",
        &[
            "server/tests/throttle.rs::too_many_failed_logins_are_refused",
            "server/tests/throttle.rs::failed_logins_count_by_address",
        ],
    ),
    kept(
        LIMITS,
        "503",
        "Passwords that wait to be verified, served in turn between addresses.",
        &[
            "server/tests/passwords.rs::login_survives_many_wrong_passwords",
            "server/tests/passwords.rs::wrong_passwords_leak_no_memory",
        ],
    ),
    kept(
        LIMITS,
        "all",
        "Every limit is a setting.",
        &["server/tests/register/bodies.rs::body_limits_are_configurable"],
    ),
    kept(
        FETCHING,
        "400",
        "No connection to a private address in decimal, octal, hexadecimal or short form.",
        NOT_FETCHED,
    ),
    kept(
        FETCHING,
        "400",
        "Nor mapped into IPv6, or translated (NAT64, 6to4, Teredo).",
        NOT_FETCHED,
    ),
    kept(
        FETCHING,
        "400",
        "Nor to `localhost`, a name below it or another name for private use.",
        NOT_FETCHED,
    ),
    kept(
        FETCHING,
        "400",
        "Nor to a name with one public and one private address.",
        &["outbound/tests/fetch.rs::a_name_with_any_private_address_gets_no_connection"],
    )
    .but("With a resolver of its own, which the program does not have."),
    kept(
        FETCHING,
        "400",
        "The connection goes to the address that was judged.",
        &["outbound/tests/fetch.rs::name_is_resolved_once"],
    ),
    kept(
        FETCHING,
        "400",
        "Refused addresses are told apart neither by text nor by time.",
        &[
            "outbound/tests/fetch.rs::wrong_answers_get_the_same_error",
            "outbound/tests/fetch.rs::refusals_take_the_same_time",
        ],
    ),
    kept(
        FETCHING,
        "400",
        "No redirect is followed.",
        &["server/tests/register/sectors.rs::invalid_sector_document_is_refused"],
    ),
    kept(FAULTS, "kill -9", "Every 201 is there afterwards.", KILLED),
    kept(
        FAULTS,
        "SIGTERM",
        "Nothing new is taken, what is under way is finished, idle connections are closed, exit 0 in 15 seconds.",
        &[
            "server/tests/shutdown.rs::request_in_progress_is_finished",
            "server/tests/shutdown.rs::idle_connections_do_not_delay_the_end",
            "server/tests/shutdown.rs::endless_request_does_not_block_stop",
        ],
    ),
    kept(
        FAULTS,
        "races",
        "Of changes at one moment one wins, and a deletion is final.",
        &[
            "server/tests/manage/races.rs::concurrent_changes_are_serialized",
            "server/tests/manage/races.rs::postgresql_changes_are_serialized",
            "server/tests/register/access.rs::raced_token_keeps_its_uses",
            "server/tests/register/access.rs::postgresql_token_keeps_its_uses",
        ],
    ),
    kept(
        FAULTS,
        "database down",
        "503, while documents and WebFinger are answered; recovery without a restart.",
        AWAY,
    ),
    kept(
        FAULTS,
        "disk full",
        "503, never 201 without the row; reads work; nothing is lost.",
        FULL,
    ),
    kept(
        FAULTS,
        "pool exhausted",
        "503 after a wait of seconds, and no deadlock.",
        &["server/tests/faults.rs::exhausted_pool_refuses_and_recovers"],
    ),
    kept(
        FAULTS,
        "a hundred at once",
        "A hundred registrations at once are a hundred clients.",
        &["server/tests/faults.rs::concurrent_registrations_all_succeed"],
    ),
    kept(
        FAULTS,
        "slow clients",
        "No other client waits for them.",
        SLOW,
    ),
    kept(
        FAULTS,
        "clock moved",
        "No keys are made, statements have a minute's leeway, and a client is there until its time is over.",
        &[
            "keys/tests/ring.rs::clock_moving_back_changes_nothing",
            "server/tests/register/statements.rs::valid_statement_is_accepted",
            "server/tests/manage/lifetimes.rs::expired_client_is_unknown",
        ],
    ),
    not_ours(
        FAULTS,
        "clock moved",
        "Throttles do not follow it.",
        "By construction: `governor` measures spans with the monotonic clock.",
    ),
    kept(
        FAULTS,
        "replicas",
        "The same keys from the first start on; a change at one is a change at all.",
        &[
            "server/tests/replicas.rs::replicas_agree_on_an_empty_database",
            "server/tests/replicas.rs::clients_are_shared_by_replicas",
            "server/tests/replicas.rs::rotated_keys_reach_every_replica",
        ],
    ),
    kept(
        FAULTS,
        "restart",
        "The same keys and clients.",
        &["server/tests/replicas.rs::restart_changes_nothing"],
    ),
    kept(
        INPUT,
        "all",
        "No input panics a reader, and what holds for one holds for each.",
        &["../fuzz/tests/near_valid.rs::every_property_has_a_target_and_seeds"],
    ),
];
