//! The exit codes, which scripts may rely on.

use std::fmt::Write;
use std::process::ExitCode;

/// The exit status of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// The command succeeded.
    Success,
    /// The command failed; standard error has the reason.
    Failure,
    /// The command line is wrong.
    Usage,
    /// The reader of standard output closed the pipe: 128 and the number of SIGPIPE, as in shells.
    OutputClosed,
}

impl ExitStatus {
    /// Every exit status, in the order of codes.
    pub const ALL: [Self; 4] = [
        Self::Success,
        Self::Failure,
        Self::Usage,
        Self::OutputClosed,
    ];

    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Usage => 2,
            Self::OutputClosed => 141,
        }
    }

    /// Returns the meaning of the code.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure; the last line on standard error gives the reason",
            Self::Usage => "usage error; nothing was done",
            Self::OutputClosed => "standard output was closed",
        }
    }

    /// Returns the table of codes for the end of the help.
    pub fn help() -> String {
        Self::ALL
            .into_iter()
            .fold("Exit codes:".to_owned(), |mut text, exit| {
                let _ = write!(text, "\n  {:>3}  {}", exit.code(), exit.meaning());
                text
            })
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(exit: ExitStatus) -> Self {
        Self::from(exit.code())
    }
}
