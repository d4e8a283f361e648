//! What this service promises when it is attacked, misused or unlucky: every answer, every limit, every address that is not
//! fetched from, every fault.

use super::{Row, kept, not_ours};

const ANSWERS: &str = "answers";
const LIMITS: &str = "limits";
const FETCHING: &str = "fetching";
const FAULTS: &str = "faults";
const INPUT: &str = "any input";

const NOT_FETCHED: &[&str] = &[
    "server/tests/register/sectors.rs::no_connection_is_made_to_an_address_that_is_not_public",
    "outbound/tests/fetch.rs::a_private_address_that_is_not_allowed_gets_no_connection",
];
const BODIES: &[&str] = &[
    "server/tests/register/bodies.rs::a_body_is_one_json_object_without_two_meanings",
    "server/tests/register/bodies.rs::the_limits_are_the_operators",
];
const HEADS: &[&str] = &[
    "server/tests/limits.rs::a_head_that_is_too_long_is_refused",
    "server/tests/limits.rs::the_limits_of_a_head_are_the_operators",
];
const KILLED: &[&str] =
    &["server/tests/shutdown.rs::every_registration_that_was_answered_survives_a_kill_and_a_stop"];
const AWAY: &[&str] =
    &["server/tests/shutdown.rs::a_database_that_goes_away_and_comes_back_needs_no_restart"];
const FULL: &[&str] =
    &["server/tests/faults.rs::a_full_disk_refuses_what_it_cannot_keep_and_loses_nothing"];
const SLOW: &[&str] = &[
    "server/tests/slow.rs::slow_clients_are_ended_by_the_limits",
    "server/tests/slow.rs::slow_clients_are_waited_for_by_nobody",
];

pub const ROWS: &[Row] = &[
    kept(
        ANSWERS,
        "201",
        "A registration is JSON that no cache keeps.",
        &["server/tests/journey.rs::the_whole_journey_runs_on_sqlite"],
    ),
    kept(
        ANSWERS,
        "200",
        "So is a client that is read or updated.",
        &["server/tests/manage/credentials.rs::a_client_reads_itself_as_it_was_registered"],
    ),
    kept(
        ANSWERS,
        "204",
        "A deletion is empty.",
        &["server/tests/manage/credentials.rs::a_client_is_deleted_once"],
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
        &["server/tests/register/metadata.rs::what_cannot_be_agreed_is_refused_by_name"],
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
        "A statement of somebody untrusted is `unapproved_software_statement`.",
        &["server/tests/register/statements.rs::a_statement_from_somebody_untrusted_is_unapproved"],
    ),
    kept(
        ANSWERS,
        "401",
        "Whoever presents no credentials is told the schemes.",
        &[
            "server/tests/register/access.rs::a_protected_provider_names_its_schemes_to_whoever_presents_none_of_them",
        ],
    ),
    kept(
        ANSWERS,
        "401",
        "Wrong, foreign, old and unknown credentials look the same.",
        &[
            "server/tests/register/access.rs::wrong_credentials_are_answered_in_their_own_scheme",
            "server/tests/manage/credentials.rs::what_is_not_there_looks_like_what_is_another_clients",
        ],
    ),
    kept(
        ANSWERS,
        "405",
        "A method that is not offered is told those that are.",
        &[
            "server/tests/register/bodies.rs::the_door_has_one_method_and_is_open_to_pages_of_any_origin",
            "server/tests/manage/credentials.rs::management_has_three_methods_and_is_open_to_pages_of_any_origin",
            "server/tests/wso2/doors.rs::a_wrong_method_is_told_the_right_ones_and_no_origin_is_let_in",
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
        &["server/tests/register/bodies.rs::a_body_of_more_than_the_limit_is_refused_unread"],
    ),
    kept(
        ANSWERS,
        "429",
        "Who does something too often is told when to come back.",
        &[
            "server/tests/throttle.rs::an_account_that_registers_too_often_is_told_when_to_come_back",
        ],
    ),
    kept(
        ANSWERS,
        "503",
        "A store that is down or full is `temporarily_unavailable`, with the time to come back.",
        &[
            "server/tests/shutdown.rs::a_database_that_goes_away_and_comes_back_needs_no_restart",
            "server/tests/faults.rs::a_full_disk_refuses_what_it_cannot_keep_and_loses_nothing",
        ],
    ),
    kept(
        ANSWERS,
        "all",
        "No answer is a page, nor taken for one.",
        &["server/tests/answers.rs::no_answer_is_a_page"],
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
            "server/tests/discovery/exchange.rs::no_header_that_names_a_host_changes_a_byte",
            "server/tests/discovery/exchange.rs::no_header_that_names_a_host_reaches_what_is_issued",
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
        &["server/tests/register/bodies.rs::a_body_of_more_than_the_limit_is_refused_unread"],
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
            "server/tests/slow.rs::slow_clients_are_ended_by_the_limits",
            "server/tests/register/bodies.rs::a_body_that_dribbles_or_breaks_off_registers_nobody",
            "server/tests/http1_only.rs::endless_body_is_cut_off",
        ],
    ),
    kept(
        LIMITS,
        "closed",
        "The time a connection is idle.",
        &["server/tests/slow.rs::an_idle_connection_is_closed"],
    ),
    kept(
        LIMITS,
        "closed",
        "The connections of one address, proxies apart.",
        &[
            "server/tests/limits.rs::an_address_has_so_many_connections_and_no_more",
            "server/tests/limits.rs::proxies_have_any_number_of_connections_and_so_has_everybody_when_the_limit_is_0",
            "server/tests/limits.rs::connections_with_tls_are_counted_too",
        ],
    ),
    kept(
        LIMITS,
        "closed",
        "TLS handshakes of one address under way, counted before TLS.",
        &[
            "server/tests/connections.rs::handshakes_of_an_address_are_limited",
            "server/tests/connections.rs::silent_connections_hold_off_nobody",
        ],
    ),
    kept(
        LIMITS,
        "closed",
        "Open connections in all, by a setting or by what file descriptors leave.",
        &[
            "server/tests/connections.rs::all_connections_together_are_limited",
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
        &["server/tests/request_ids.rs::the_lines_of_a_request_carry_its_identifier"],
    ),
    kept(
        LIMITS,
        "400",
        "The time, size and number of outbound fetches.",
        &[
            "outbound/tests/fetch.rs::a_slow_answer_is_refused_in_time",
            "outbound/tests/fetch.rs::every_wrong_answer_is_refused_with_the_same_text",
            "outbound/tests/fetch.rs::no_more_fetches_run_at_once_than_allowed",
        ],
    ),
    kept(
        LIMITS,
        "429",
        "Registrations of one account, token, address and identical metadata.",
        &[
            "server/tests/throttle.rs::an_account_that_registers_too_often_is_told_when_to_come_back",
            "server/tests/throttle.rs::strangers_are_counted_by_the_address_a_trusted_proxy_names",
            "server/tests/throttle.rs::the_same_client_from_many_addresses_is_one_machine_gone_wild",
        ],
    ),
    kept(
        LIMITS,
        "429",
        "Wrong passwords of one account and address, and of one address.",
        &[
            "server/tests/throttle.rs::a_password_that_was_wrong_too_often_is_not_looked_at_for_a_while",
            "server/tests/throttle.rs::guesses_are_counted_for_all_names_of_an_address_together",
        ],
    ),
    kept(
        LIMITS,
        "503",
        "Passwords that wait to be verified, served in turn between addresses.",
        &[
            "server/tests/passwords.rs::log_in_goes_on_behind_many_wrong_passwords",
            "server/tests/passwords.rs::wrong_passwords_leave_no_memory_behind",
        ],
    ),
    kept(
        LIMITS,
        "all",
        "Every limit is a setting.",
        &["server/tests/register/bodies.rs::the_limits_are_the_operators"],
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
        &["outbound/tests/fetch.rs::a_name_is_resolved_once_and_connected_to_where_it_was_found"],
    ),
    kept(
        FETCHING,
        "400",
        "Refused addresses are told apart neither by text nor by time.",
        &[
            "outbound/tests/fetch.rs::every_wrong_answer_is_refused_with_the_same_text",
            "outbound/tests/fetch.rs::refused_addresses_cannot_be_told_apart_by_time",
        ],
    ),
    kept(
        FETCHING,
        "400",
        "No redirect is followed.",
        &[
            "server/tests/register/sectors.rs::nothing_but_a_list_at_the_address_itself_is_a_sector_document",
        ],
    ),
    kept(FAULTS, "kill -9", "Every 201 is there afterwards.", KILLED),
    kept(
        FAULTS,
        "SIGTERM",
        "Nothing new is taken, what is under way is finished, idle connections are closed, exit 0 in 15 seconds.",
        &[
            "server/tests/shutdown.rs::a_request_that_is_under_way_is_finished_before_the_end",
            "server/tests/shutdown.rs::idle_connections_do_not_delay_the_end",
            "server/tests/shutdown.rs::a_request_that_never_ends_does_not_keep_the_service_alive",
        ],
    ),
    kept(
        FAULTS,
        "races",
        "Of changes at one moment one wins, and a deletion is final.",
        &[
            "server/tests/manage/races.rs::changes_at_one_moment_happen_in_one_order",
            "server/tests/manage/races.rs::changes_at_one_moment_happen_in_one_order_on_postgresql",
            "server/tests/register/access.rs::a_token_raced_by_many_makes_no_more_clients_than_it_has_uses",
            "server/tests/register/access.rs::a_token_raced_on_postgresql_makes_no_more_clients_than_it_has_uses",
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
        &["server/tests/faults.rs::a_pool_without_a_free_connection_refuses_and_recovers"],
    ),
    kept(
        FAULTS,
        "a hundred at once",
        "A hundred registrations at once are a hundred clients.",
        &["server/tests/faults.rs::a_hundred_registrations_at_once_are_a_hundred_clients"],
    ),
    kept(FAULTS, "slow clients", "Nobody waits for them.", SLOW),
    kept(
        FAULTS,
        "clock moved",
        "No keys are made, statements have a minute's leeway, and a client is there until its time is over.",
        &[
            "keys/tests/ring.rs::a_clock_that_moves_back_changes_nothing",
            "server/tests/register/statements.rs::a_statement_in_force_is_believed",
            "server/tests/manage/lifetimes.rs::a_client_whose_time_is_over_is_gone",
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
            "server/tests/replicas.rs::replicas_that_start_at_once_on_an_empty_database_agree",
            "server/tests/replicas.rs::a_client_of_one_replica_is_read_replaced_and_deleted_at_another",
            "server/tests/replicas.rs::rotated_keys_appear_at_every_replica_without_a_restart",
        ],
    ),
    kept(
        FAULTS,
        "restart",
        "The same keys and clients.",
        &["server/tests/replicas.rs::a_restart_changes_nothing"],
    ),
    kept(
        INPUT,
        "all",
        "No input panics a reader, and what holds for one holds for each.",
        &["../fuzz/tests/near_valid.rs::every_property_has_a_target_and_seeds"],
    ),
];
