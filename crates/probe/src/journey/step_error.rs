//! The step that failed.

use std::fmt;

/// A failed step, the reason, and the state in which a registered client was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepError {
    step: &'static str,
    reason: String,
    aftermath: Option<String>,
}

impl StepError {
    /// `reason` is the rest of a sentence after "{step} failed: ", without its full stop.
    pub(super) fn new(step: &'static str, reason: impl Into<String>) -> Self {
        Self {
            step,
            reason: reason.into(),
            aftermath: None,
        }
    }

    /// Adds a sentence about the client that an earlier step registered.
    pub(super) fn with_aftermath(self, aftermath: impl Into<String>) -> Self {
        Self {
            aftermath: Some(aftermath.into()),
            ..self
        }
    }

    /// The name of the failed step in the output.
    pub fn step(&self) -> &'static str {
        self.step
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stop = if self.reason.ends_with('?') { "" } else { "." };
        write!(f, "{} failed: {}{stop}", self.step, self.reason)?;
        self.aftermath
            .as_ref()
            .map_or(Ok(()), |aftermath| write!(f, " {aftermath}"))
    }
}

impl std::error::Error for StepError {}
