//! How the program ends: the codes that scripts may rely on.

use std::fmt::Write;
use std::process::ExitCode;

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// What was asked for is done.
    Done,
    /// It failed, and a sentence says why.
    Failed,
    /// The command line is none.
    Usage,
    /// Standard output was a pipe that nobody reads any more: 128 and the number of SIGPIPE, as shells tell it.
    Unread,
}

impl Exit {
    /// Every code there is, in their order.
    pub const ALL: [Self; 4] = [Self::Done, Self::Failed, Self::Usage, Self::Unread];

    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Unread => 141,
        }
    }

    /// What the number says.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "success",
            Self::Failed => "failure; the last line on standard error gives the reason",
            Self::Usage => "usage error; nothing was done",
            Self::Unread => "standard output was closed",
        }
    }

    /// All of them, for the end of the help.
    pub fn help() -> String {
        Self::ALL
            .into_iter()
            .fold("Exit codes:".to_owned(), |mut text, exit| {
                let _ = write!(text, "\n  {:>3}  {}", exit.code(), exit.meaning());
                text
            })
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
