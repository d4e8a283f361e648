//! How far long work has come: a line on standard error while that is a terminal, nothing otherwise.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A line that goes away with the work.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// Work of so many steps; of an unknown number, when there is none.
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

    /// So many steps are done.
    pub fn set(&self, done: u64) {
        self.0.set_position(done);
    }

    /// A line that stays, above this one.
    pub fn suspend<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.suspend(work)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
