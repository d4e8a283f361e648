//! The lines of nginx that give Frontdesk its paths and leave everything else to the authorization server.

use std::fmt::Write;

use crate::provider::proxied_paths::ProxiedPaths;

/// The addresses that the lines are about.
pub struct ProxyLines<'a> {
    /// The host of the issuer.
    pub host: &'a str,
    /// The domains of accounts, besides that host.
    pub domains: &'a [String],
    pub paths: &'a ProxiedPaths,
    /// The address of Frontdesk: scheme, host and port.
    pub service: &'a str,
    /// The path at which the authorization server itself registers clients on the issuer's host, if it has one.
    pub other_registration: Option<&'a str>,
}

impl ProxyLines<'_> {
    /// Renders the lines.
    pub fn render(&self) -> String {
        let paths = self.paths;
        let on_host = paths.accounts.iter().chain(&paths.provider);
        let below = format!("|{}/.+", pattern(&paths.clients));
        let mut text = format!(
            "# nginx, in the server of {}: these paths lead to Frontdesk, all others to the authorization server.\n",
            self.host
        );
        self.location(&mut text, on_host, &below);
        if let Some(path) = self.other_registration {
            let _ = write!(
                text,
                "# No client registers past Frontdesk.\nlocation ~ ^{}(/|$) {{ return 403; }}\n",
                pattern(path)
            );
        }
        if !self.domains.is_empty() {
            let _ = writeln!(
                text,
                "\n# nginx, in the server of {}:",
                self.domains.join(" and of ")
            );
            self.location(&mut text, paths.accounts.iter(), "");
        }
        text
    }

    /// Adds a location. A slash at the end of a path makes no difference.
    fn location<'p>(
        &self,
        text: &mut String,
        paths: impl Iterator<Item = &'p String>,
        below: &str,
    ) {
        let paths: Vec<String> = paths.map(|path| pattern(path)).collect();
        let _ = write!(
            text,
            "location ~ ^(?:(?:{})/?{below})$ {{\n    proxy_pass {};\n    proxy_set_header Host $host;\n    \
            proxy_set_header X-Forwarded-For $remote_addr;\n}}\n",
            paths.join("|"),
            self.service
        );
    }
}

/// Returns a regular expression that matches the path alone, without a character that nginx reads in another way.
fn pattern(path: &str) -> String {
    path.chars().fold(String::new(), |mut pattern, character| {
        if character.is_ascii_alphanumeric() || "/-_~:@,".contains(character) {
            pattern.push(character);
        } else if character == '.' {
            pattern.push_str("\\.");
        } else {
            let _ = write!(pattern, "\\x{:02x}", u32::from(character));
        }
        pattern
    })
}

#[cfg(test)]
mod tests {
    use super::pattern;

    /// The pattern of a path has no operators of regular expressions.
    #[test]
    fn pattern_has_no_operators() {
        assert_eq!(
            pattern("/a.b/c-d_e~f$(g);h'i*"),
            r"/a\.b/c-d_e~f\x24\x28g\x29\x3bh\x27i\x2a"
        );
    }
}
