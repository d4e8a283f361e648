//! The table of checks from outside, each with the fix for a proxy at fault.

/// One row of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    /// The name in the output.
    pub name: &'static str,
    /// The condition that must hold, as a sentence.
    pub holds: &'static str,
    /// The fix, in the imperative, without a full stop.
    pub fix: &'static str,
    /// The directive of nginx, or an empty text.
    pub nginx: &'static str,
    /// The directive of Caddy, or an empty text.
    pub caddy: &'static str,
    /// The directive of Traefik, or an empty text.
    pub traefik: &'static str,
}

impl Check {
    /// Returns the fix with the directives of each proxy in brackets.
    pub fn fix_with_directives(&self) -> String {
        let named = [
            ("nginx", self.nginx),
            ("Caddy", self.caddy),
            ("Traefik", self.traefik),
        ];
        let directives: Vec<String> = named
            .iter()
            .filter(|(_, directive)| !directive.is_empty())
            .map(|(proxy, directive)| format!("{proxy}: {directive}"))
            .collect();
        if directives.is_empty() {
            self.fix.to_owned()
        } else {
            format!("{} ({})", self.fix, directives.join("; "))
        }
    }
}

macro_rules! checks {
    ($($row:ident $name:literal $holds:literal { fix: $fix:literal $(, nginx: $nginx:literal)? $(, caddy: $caddy:literal)? $(, traefik: $traefik:literal)? })+) => {
        $(
            #[doc = $holds]
            pub static $row: Check = Check {
                name: $name,
                holds: $holds,
                fix: $fix,
                nginx: concat!($($nginx)?),
                caddy: concat!($($caddy)?),
                traefik: concat!($($traefik)?),
            };
        )+

        /// Every row.
        pub static ALL: &[&Check] = &[$(&$row),+];
    };
}

checks! {
    UNREACHABLE "unreachable" "Every address of every host answers." {
        fix: "point the name's A and AAAA records at the proxy, and let it listen on each address",
        nginx: "`listen 443 ssl;` and `listen [::]:443 ssl;`",
        caddy: "no `bind` that omits an address",
        traefik: "an entry point with `address: \":443\"`"
    }
    CERTIFICATE "certificate" "The certificate names the host, is in date, and comes from an authority that clients trust." {
        fix: "give the host a certificate of its own that clients trust",
        nginx: "`ssl_certificate` and `ssl_certificate_key` in the `server` with this `server_name`",
        caddy: "the host as the site's address, or `tls CERTIFICATE KEY` in its site",
        traefik: "`tls.certResolver` at the router, or the files below `tls.certificates`"
    }
    CHAIN "chain" "The intermediate certificates come with the certificate." {
        fix: "send the intermediate certificates too: the file holds the host's own certificate first, then every one up to the authority's",
        nginx: "`ssl_certificate` names the full chain, as in `fullchain.pem`",
        caddy: "`tls fullchain.pem KEY`",
        traefik: "`certFile` names the full chain"
    }
    EXPIRY "expiry" "The certificate stays valid for another week." {
        fix: "renew the certificate and reload the proxy",
        nginx: "`nginx -s reload`",
        caddy: "`caddy reload`",
        traefik: "touch the file of its dynamic configuration"
    }
    PLAIN "plain-http" "Plain HTTP serves no documents: it is closed or redirects to https." {
        fix: "redirect plain HTTP, with path and query",
        nginx: "`return 308 https://$server_name$request_uri;` in the `server` on port 80",
        caddy: "no `http://` before the site's address",
        traefik: "`http.redirections.entryPoint` with `to: websecure` at the entry point on port 80"
    }
    REDIRECT "redirect" "Documents and endpoints answer without a redirect, which clients do not follow there." {
        fix: "answer at the address itself",
        nginx: "no `return` or `rewrite … redirect` for it",
        caddy: "no `redir` for it",
        traefik: "no `redirectRegex` middleware at its router"
    }
    SLASH "slash" "No slash is added or removed." {
        fix: "leave the slash at the end of addresses unchanged",
        nginx: "`location /path` without a slash at its end for a prefix, no `try_files $uri/`, no `rewrite ^(.*[^/])$ $1/`",
        caddy: "no `redir {uri}/` or `try_files {path}/`; `handle /path*` matches both",
        traefik: "no `redirectRegex` middleware that adds it"
    }
    OTHER_HOST "other-host" "The issuer's host answers itself and does not redirect to another, such as www." {
        fix: "answer at the issuer's own host, or make the other host the issuer, which makes it another provider",
        nginx: "no `return 301 https://www.…` in the `server` with the issuer's `server_name`",
        caddy: "no `redir https://www.{host}{uri}` in the issuer's site",
        traefik: "no `redirectRegex` middleware to another host at its router"
    }
    LOOP "loop" "No address redirects from https to http, or to itself." {
        fix: "redirect where TLS ends and not behind it: a program behind it takes every request for plain HTTP",
        nginx: "`return 308 https://…` only in the `server` on port 80, `proxy_set_header X-Forwarded-Proto $scheme;` for a proxy behind it",
        caddy: "`http://` before the address of a site behind another proxy",
        traefik: "no `redirectScheme` middleware at a router of the TLS entry point"
    }
    SWALLOWED "swallowed" "The proxy forwards the address, and does not answer itself." {
        fix: "forward the address, and only ACME's challenges to another program",
        nginx: "`location ^~ /.well-known/ { proxy_pass …; }`, which goes before `location ~`, and `^~ /.well-known/acme-challenge/` for ACME",
        caddy: "`handle /.well-known/* { reverse_proxy … }`, which goes before the `handle` with `file_server`",
        traefik: "``PathPrefix(`/.well-known/`)`` in the rule of a router with a higher `priority`"
    }
    PATH "path" "The path arrives unchanged." {
        fix: "forward the path unchanged, with its prefix",
        nginx: "`proxy_pass http://frontdesk;` with no path or slash behind the name, and no `rewrite … break`",
        caddy: "`handle`, which keeps the prefix that `handle_path` removes; no `uri strip_prefix` and no `rewrite`",
        traefik: "no `stripPrefix` or `replacePath` middleware"
    }
    QUERY "query" "The query arrives unchanged, percent-encoding included." {
        fix: "forward the query as it came, without decoding it",
        nginx: "`proxy_pass http://frontdesk;` without a path, no `$arg_…` and no `rewrite … ?`",
        caddy: "no `rewrite` of the query; `{uri}` has the query, `{path}` does not",
        traefik: "no `replacePathRegex` middleware"
    }
    MISDIRECTED "host" "The proxy forwards `Host` where several hosts are served." {
        fix: "forward `Host` as the client sent it",
        nginx: "`proxy_set_header Host $host;`",
        caddy: "no `header_up Host`",
        traefik: "`passHostHeader: true` at the load balancer"
    }
    REFLECTED "wrong-host" "A request with an unknown `Host` gets no answer that repeats it." {
        fix: "answer unknown hosts separately, and build no redirect from the client's `Host`",
        nginx: "a `default_server` with `return 421;`, and `$server_name` instead of `$host` in redirects",
        caddy: "the host written out in `redir`, not `{host}`",
        traefik: "`` Host(`…`) `` in the rule of every router"
    }
    GATEWAY "gateway" "The proxy reaches the service." {
        fix: "make sure that the service runs and that the proxy connects to the address where it listens, with http when `tls.mode` is off",
        nginx: "`proxy_pass` or the `upstream` it names",
        caddy: "`reverse_proxy`",
        traefik: "`loadBalancer.servers`"
    }
    LOGIN "login" "The proxy asks for no login of its own." {
        fix: "require no login at these addresses: the service does so itself where needed",
        nginx: "`auth_basic off;` and no `auth_request`",
        caddy: "no `basicauth` or `forward_auth` for it",
        traefik: "no `basicAuth` or `forwardAuth` middleware at its router"
    }
    CONTENT_TYPE "content-type" "Documents keep their content type." {
        fix: "leave `Content-Type` to the service",
        nginx: "no `add_header Content-Type` and no `proxy_hide_header Content-Type`",
        caddy: "no `header Content-Type`",
        traefik: "no `Content-Type` below `customResponseHeaders`"
    }
    ISSUER "issuer" "The document belongs to this issuer: `issuer` equals the configured one byte for byte." {
        fix: "forward the complete path to its provider, and empty a cache that mixes up providers",
        nginx: "`proxy_cache_key $scheme$host$request_uri;`",
        caddy: "`handle` instead of `handle_path`",
        traefik: "no `stripPrefix` middleware"
    }
    DOCUMENT "document" "The documents match this configuration." {
        fix: "restart the service with this configuration, and empty the caches before it",
        nginx: "`proxy_cache off;` for it, or empty what `proxy_cache_path` names"
    }
    FORMS "forms" "Every form of an address has the same bytes." {
        fix: "forward every form to the same service, and empty the caches before it",
        nginx: "one `upstream` for all of them",
        caddy: "one `reverse_proxy` for all of them",
        traefik: "one service for all of them"
    }
    CORS "cors" "Web pages of any origin may read documents and the registration endpoint, by one `Access-Control-Allow-Origin: *`." {
        fix: "leave CORS to the service",
        nginx: "no `add_header Access-Control-…` and no `proxy_hide_header Access-Control-…`",
        caddy: "no `header Access-Control-…`",
        traefik: "no `accessControl…` in a headers middleware"
    }
    PREFLIGHT "preflight" "The preflight request of a browser reaches the service." {
        fix: "forward OPTIONS",
        nginx: "no `if ($request_method = OPTIONS)` and no `limit_except`",
        caddy: "no `respond` for OPTIONS",
        traefik: "no `accessControl…` in a headers middleware, which answers OPTIONS itself"
    }
    CACHE_CONTROL "cache-control" "`Cache-Control` arrives as the service sends it." {
        fix: "leave `Cache-Control` to the service",
        nginx: "no `expires` and no `add_header Cache-Control`",
        caddy: "no `header Cache-Control`",
        traefik: "no `Cache-Control` below `customResponseHeaders`"
    }
    ETAG "etag" "Documents have an `ETag`, and a conditional request with it gets 304." {
        fix: "leave `ETag` and `If-None-Match` unchanged",
        nginx: "no `proxy_hide_header ETag`, no `sub_filter`, no `add_header Last-Modified`; `gzip off;` where nothing else helps",
        caddy: "no `header -ETag`",
        traefik: "no empty `ETag` below `customResponseHeaders`"
    }
    COMPRESSION "compression" "A compressed document can be revalidated with its `ETag`." {
        fix: "do not compress these documents, which are small",
        nginx: "`gzip off;` and `brotli off;` for them",
        caddy: "no `encode` in their site, or only in another `handle`",
        traefik: "no `compress` middleware at their router"
    }
    ACCESS "access" "The registration endpoint is as open as this configuration says." {
        fix: "restart the service with this configuration, or point the proxy at the service that has it"
    }
    LIMIT "limit" "The limit of registrations, which counts the requests of this check too, is not reached." {
        fix: "repeat the check in a minute, when the limit allows registrations again"
    }
    CHALLENGE "challenge" "Refusals name the schemes of authentication." {
        fix: "leave `WWW-Authenticate` unchanged, which may occur several times",
        nginx: "no `proxy_hide_header WWW-Authenticate`",
        caddy: "no `header -WWW-Authenticate`",
        traefik: "no `WWW-Authenticate` below `customResponseHeaders`"
    }
    AUTHORIZATION "authorization" "`Authorization` reaches the service." {
        fix: "forward `Authorization`",
        nginx: "no `proxy_set_header Authorization \"\"`",
        caddy: "no `header_up -Authorization`",
        traefik: "no empty `Authorization` below `customRequestHeaders`, and no `removeHeader` at a `basicAuth` middleware"
    }
    METHODS "methods" "GET, PUT and DELETE reach the service." {
        fix: "forward every method",
        nginx: "no `limit_except` and no `if ($request_method …)`; a `dav_methods` of another `location` does no harm",
        caddy: "no `method` matcher before `reverse_proxy`",
        traefik: "no `Method(…)` in the rule of the router"
    }
    BODY "body" "A body as long as `limits.body_bytes` allows reaches the service." {
        fix: "allow bodies as long as the service does",
        nginx: "`client_max_body_size 64k;` or more",
        caddy: "`request_body { max_size 64KB }` or more",
        traefik: "`maxRequestBodyBytes: 65536` or more at a `buffering` middleware"
    }
    ENDPOINT "endpoint" "The authorization server answers at every endpoint that the document names." {
        fix: "start the authorization server, or correct the member of `[provider.metadata]` that names the endpoint",
        nginx: "a `location` for the endpoint with `proxy_pass` to the authorization server",
        caddy: "a `handle` for the endpoint with `reverse_proxy` to the authorization server",
        traefik: "a router for the endpoint with the service of the authorization server"
    }
    EXPOSED "management" "The paths of the management listener are not public." {
        fix: "forward no address to `management_listen`",
        nginx: "no `proxy_pass` to its port",
        caddy: "no `reverse_proxy` to its port",
        traefik: "no service with its port"
    }
    REDIRECTED_WEBFINGER "webfinger-redirect" "A domain redirects WebFinger to https only, with its query unchanged." {
        fix: "redirect to https with the query unchanged",
        nginx: "`return 308 https://login.example.com$request_uri;`, since `$uri` lacks the query and is decoded",
        caddy: "`redir https://login.example.com{uri} 308`, since `{path}` lacks the query",
        traefik: "a `redirectRegex` whose `regex` includes the query, as in `^https://[^/]+/(.*)`"
    }
}
