//! The reference pages of the settings, of the checks from outside and of the metrics, rendered from the tables.

use std::fmt::Write;

use crate::settings;
use probe::outside::checks;
use telemetry::metrics::table;

/// `docs/configuration.md`.
pub fn configuration() -> String {
    let mut page = String::from(
        "# Configuration\n\nFile (TOML: `--config FILE`, or `FRONTDESK_CONFIG`, or `./frontdesk.toml`, or\n\
         `/etc/frontdesk/frontdesk.toml`), over it the environment, over that the flags. Unknown keys of the file are errors. A variable\n\
         that is set to nothing says nothing. Settings of `provider` in the environment or as flags are for a configuration with one provider.\n\
         `frontdesk check` prints what is in force. Rendered from the tables; a test compares.\n\n\
         | key | variable | flag | default | meaning |\n|---|---|---|---|---|\n",
    );
    for setting in settings::all() {
        let _ = writeln!(
            page,
            "| `{}` | `{}` | `--{}` | {} | {} |",
            setting.key,
            setting.variable,
            setting.flag(),
            setting.default_text(),
            setting.help()
        );
    }
    page.push_str(
        "\nOnly in the file, below `[[provider]]`:\n\n\
         - `[provider.metadata]`: any member of [provider metadata](provider-metadata.md), by the specifications' own names; each replaces the default offer's.\n\
         - `[provider.upstream]` has one more key, `add`: for members of provider metadata that are lists, values that the authorization server has and\n  \
         does not list, such as `add = { token_endpoint_auth_methods_supported = [\"none\"] }`. A list that is absent there begins with its default. With\n  \
         `[provider.provision]` to keycloak, this value is added by itself. Over the\n  \
         server's document lie the additions, then `[provider.metadata]` (an empty array takes a member out) and `[provider.extra_metadata]`; the issuer must\n  \
         be the same byte for byte, and `registration_endpoint` is ours.\n\
         - `[provider.extra_metadata]`: members that provider metadata does not know, served as written, in `signed_metadata` too. A member that it knows is refused\n  \
         here, and a list without elements (RFC 8414 §3.2).\n\
         - `signed_metadata = false`: leaves `signed_metadata` (RFC 8414 §2.1) out of the document, which has it unless a `jwks_uri` is configured or comes from upstream.\n\
         - `[[provider.webfinger]]`: what WebFinger says besides who the issuer is (RFC 7033 §4.4), of resources on one `domain`, or on all the\n  \
         provider answers for. `aliases` are other names of a resource; a `[[provider.webfinger.link]]` has a `rel`, an `href` (or a `template`, passed\n  \
         on as it stands), and perhaps a `type`, `titles` by language and `properties` by URI. In aliases and hrefs `{user}` stands for the user of an\n  \
         `acct:` resource, percent-encoded; those that have it are left out for resources without one.\n\
         - `[[provider.software_statement_issuer]]`: `issuer` and `jwks_file` (relative to the configuration file) of an issuer whose software\n  \
         statements are accepted (RFC 7591 §2.3). A statement needs its `iss` and a signature of one of those keys. `aud`, which must contain the\n  \
         provider's issuer, `exp`, `nbf` and `iat` are checked if it has them; `require = [\"aud\", \"exp\"]` refuses statements without them.\n",
    );
    page
}

/// `docs/outside.md`.
pub fn outside() -> String {
    let mut page = String::from(
        "# The checks of `frontdesk check --outside`\n\nIt sends requests to the public addresses as any client would, through DNS and every proxy in front of the service, and changes nothing.\n\
         Every finding gives the observation and its fix; the exit code is 1 if there is one. Rendered from the table; a test compares.\n\n\
         <!-- not run: it asks the public addresses of a configuration -->\n```sh\nfrontdesk check --outside                                           # with the configuration of `serve`\n\
         frontdesk check --outside --ca ca.pem                               # trusts one more authority\n\
         frontdesk check --outside --resolve login.example.com:443:192.0.2.7 # before DNS leads there\n\
         frontdesk check --outside --json                                    # one object a line\n```\n\n\
         It checks every path of every issuer, WebFinger on every domain, the registration endpoints, and plain HTTP where the issuer is on port\n\
         443. Whether `proxies` names the proxy cannot be seen from outside. Ready files for proxies: [behind a proxy](proxy.md).\n\n\
         | check | condition | fix | nginx | Caddy | Traefik |\n|---|---|---|---|---|---|\n",
    );
    for check in checks::ALL {
        let cell = |text: &str| text.replace('|', "\\|");
        let cells = [
            check.holds,
            check.fix,
            check.nginx,
            check.caddy,
            check.traefik,
        ]
        .map(cell);
        let _ = writeln!(page, "| `{}` | {} |", check.name, cells.join(" | "));
    }
    page
}

/// `docs/monitoring/README.md`.
pub fn monitoring() -> String {
    let mut page = String::from(
        "# Monitoring\n\nEvery replica serves its own numbers at `/metrics` of the management listener (`management_listen`, 127.0.0.1:9444 by default), in the\n\
         text format of Prometheus. A scrape reads counters and waits for nothing, also when the store is down. Rendered from the table; a test compares.\n\n\
         <!-- not run: a part of the configuration of Prometheus -->\n\n\
         ```yaml\nscrape_configs:\n  - job_name: frontdesk\n    static_configs:\n      - targets: [\"127.0.0.1:9444\"]\n```\n\n\
         - [`grafana-dashboard.json`](grafana-dashboard.json): a dashboard, to be imported into Grafana.\n\
         - [`alerts.yml`](alerts.yml): alert rules, for `rule_files` of Prometheus; they expect the job's name above. `severity` is `page` for what\n  \
         clients feel now and `ticket` for what can wait for the morning.\n\n\
         A test compares the names in both with the table, and the table with what the program serves. Labels are of the operator's making and ours,\n\
         never a stranger's: their number is bounded.\n\n\
         | metric | kind | labels | what it tells |\n|---|---|---|---|\n",
    );
    for metric in table::ALL {
        let labels = metric
            .labels
            .iter()
            .map(|label| format!("`{label}`"))
            .collect::<Vec<_>>()
            .join(" ");
        let _ = writeln!(
            page,
            "| `{}` | {} | {labels} | {} |",
            metric.name,
            metric.kind.as_str(),
            metric.help.trim()
        );
    }
    page
}
