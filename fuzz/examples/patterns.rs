//! `patterns [COUNT]`: generated patterns of the grammar, one JSON object a line: the judged form, candidates of printable
//! ASCII, and which of them match. The output is always the same. `interop/patterns.py` compares other engines with it.

use std::error::Error;
use std::io::Write;

use fuzz::pattern::backtracking::matches_within;
use fuzz::pattern::candidates::candidates;
use fuzz::pattern::reading::Expression;
use fuzz::pattern::written::any_written;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use protocol::RedirectUri;
use protocol::redirect_pattern::RedirectPattern;
use protocol::uri::PATTERN_MARKER;
use serde_json::json;

/// The maximum number of steps of a backtracking engine, some of which never return from `(a+)+`.
const STEPS: u32 = 20_000;

fn main() -> Result<(), Box<dyn Error>> {
    let count: usize = std::env::args()
        .nth(1)
        .map_or(Ok(1000), |count| count.parse())?;
    let mut runner = TestRunner::deterministic();
    let strategy = any_written();
    let mut out = std::io::stdout().lock();
    let mut written = 0;
    while written < count {
        let sent = strategy
            .new_tree(&mut runner)
            .map_err(|reason| reason.to_string())?
            .current();
        let Ok(uri) = RedirectUri::parse(format!("{PATTERN_MARKER}{sent}")) else {
            continue;
        };
        // A pattern that is left out is too large.
        let Ok(pattern) = RedirectPattern::parse(&uri) else {
            continue;
        };
        let expression = pattern.expression();
        let inner = expression
            .strip_prefix("^(?:")
            .and_then(|rest| rest.strip_suffix(")$"))
            .ok_or("no anchors")?;
        let expressed = Expression::read(inner);
        let mut candidates = candidates(&expressed, runner.rng());
        candidates.retain(|candidate| matches_within(STEPS, &expressed, candidate).is_some());
        let regex = pattern.regex()?;
        let expected: Vec<bool> = candidates
            .iter()
            .map(|candidate| regex.is_match(candidate))
            .collect();
        writeln!(
            out,
            "{}",
            json!({ "pattern": expression, "candidates": candidates, "expected": expected })
        )?;
        written += 1;
    }
    Ok(())
}
