//! The progress of long work: a line on standard error if that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A progress line, which is removed when dropped.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// Starts a line for a number of steps, if it is known.
    pub fn start(what: &'static str, steps: Option<u64>) -> Self {
        let bar = steps.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        let shape = if steps.is_some() {
            "{msg} {wide_bar} {human_pos}/{human_len}"
        } else {
            "{msg} {human_pos} {spinner}"
        };
        if let Ok(style) = ProgressStyle::with_template(shape) {
            bar.set_style(style);
        }
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// Sets the number of finished steps.
    pub fn set(&self, done: u64) {
        self.0.set_position(done);
    }

    /// Hides the line while `work` prints above it.
    pub fn suspend<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.suspend(work)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
