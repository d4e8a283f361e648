//! The schemes of redirection URIs that no client may register, even if the provider allows every scheme.
//!
//! A redirection to one of them does not reach the client's application: a browser runs the URI or shows it as a page of its own,
//! or a program of the operating system opens it (RFC 8252 §7.1).

use super::syntax::is_scheme;
use crate::member::Reason;

/// Schemes that are refused for one reason.
pub struct RefusedSchemes {
    /// The reason, for the reference page.
    pub reason: &'static str,
    schemes: &'static str,
}

impl RefusedSchemes {
    /// Returns the schemes in lower case. A `*` at the end stands for any rest.
    pub fn schemes(&self) -> impl Iterator<Item = &'static str> {
        self.schemes.split(' ')
    }
}

/// All refused schemes.
pub const REFUSED_SCHEMES: &[RefusedSchemes] = &[
    RefusedSchemes {
        reason: "runs a script or shows content that the URI itself has",
        schemes: "blob data feed filesystem jar javascript jscript livescript mhtml mocha vbs vbscript view-source",
    },
    RefusedSchemes {
        reason: "opens a file or a page of the browser or of an extension",
        schemes: "about brave chrome chrome-* devtools edge edge-* file isolated-app moz-* opera resource safari-* \
            vivaldi wyciwyg googlechrome googlechromes firefox firefoxurl chromehtml x-safari-* ipfs ipns",
    },
    RefusedSchemes {
        reason: "starts a program or a dialogue of the operating system",
        schemes: "afp android-app android-resource app-prefs app-settings apt content facetime facetime-* hcp help \
            intent its itms itms-* market microsoft-edge microsoft-edge-* mk ms-* prefs res search search-ms \
            shell x-apple-* x-apple.* x-help-* x-man-page applescript jnlp jnlps lynxcgi lynxexec lynxprog \
            macappstore itmss microsoft.windows.* shortcuts vnd.ms.* workflow",
    },
    RefusedSchemes {
        reason: "is registered for a protocol or for names",
        schemes: "aaa aaas acap acct callto cid coap coap+* coaps coaps+* crid cvs dav davs dict did dns ftp ftps geo \
            git git+* gopher gophers h323 iax icap im imap imaps ipp ipps irc irc6 ircs iris iris.* jabber ldap \
            ldapi ldaps magnet mailto mid mms msrp msrps mtqp mupdate news nfs ni nih nntp nntps opaquelocktoken \
            pkcs11 pop pops pres rdp redis rediss rsync rtmp rtsp rtsps rtspu scp sftp shttp sieve sip sips smb \
            sms smsto mmsto telprompt webcal http+unix rlogin finger smtp snews snmp soap.beep soap.beeps ssh stun stuns svn svn+* tag tel telnet tftp thismessage \
            tn3270 turn turns urn vemmi vnc wais ws wss wtai xcon xcon-userid xmlrpc.beep xmlrpc.beeps xmpp \
            z39.50 z39.50r z39.50s",
    },
];

/// Refuses a URI with one of the refused schemes.
pub(super) fn reject(text: &str) -> Result<(), Reason> {
    match text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) {
        // Most redirection URIs are web addresses, and none of those is in the table.
        Some(("https" | "http", _)) => Ok(()),
        Some((scheme, _)) if is_refused(scheme) => {
            Err("uses a scheme that is not allowed in a redirect URI".into())
        }
        _ => Ok(()),
    }
}

fn is_refused(scheme: &str) -> bool {
    let scheme = scheme.to_ascii_lowercase();
    REFUSED_SCHEMES
        .iter()
        .flat_map(RefusedSchemes::schemes)
        .any(|refused| match refused.strip_suffix('*') {
            Some(begin) => scheme.starts_with(begin),
            None => refused == scheme,
        })
}
