//! The step that broke.

use std::fmt;

/// A journey that ended early: the step, what was wrong with it, and what is left behind.
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

    /// Adds a sentence about what became of the client that was registered on the way.
    pub(super) fn leaving(self, aftermath: impl Into<String>) -> Self {
        Self {
            aftermath: Some(aftermath.into()),
            ..self
        }
    }

    /// The step that broke, as it is called in the output.
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
