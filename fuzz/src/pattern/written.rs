//! Random patterns of the grammar.

use proptest::prelude::*;
use proptest::sample::select;

/// The characters that may follow a backslash.
const ESCAPED: [&str; 16] = [
    ".", "?", "+", "*", "(", ")", "[", "]", "{", "}", "|", "^", "$", "\\", "/", ".",
];

/// Returns a pattern as a client writes it after `regexp=`, which is accepted unless it is too large.
pub fn any_written() -> impl Strategy<Value = String> {
    let origin = select(vec![
        "https://a.example/",
        "https://b.example:8443/",
        "http://localhost:8080/",
        "https://xn--bcher-kva.example/",
    ]);
    let one = (origin, rest())
        .prop_map(|(origin, rest)| format!("{origin}{rest}"))
        .boxed();
    let several = (any::<bool>(), proptest::collection::vec(one.clone(), 1..4))
        .prop_map(|(quiet, ways): (bool, Vec<String>)| group(quiet, &ways));
    let whole =
        prop_oneof![3 => one, 1 => (several, rest()).prop_map(|(ways, rest)| ways + &rest).boxed()];
    (any::<bool>(), whole, any::<bool>()).prop_map(|(begins, whole, ends)| {
        format!(
            "{}{whole}{}",
            if begins { "^" } else { "" },
            if ends { "$" } else { "" }
        )
    })
}

/// Returns the part after an origin. It begins with an atom, because a quantifier must not make the slash optional.
fn rest() -> BoxedStrategy<String> {
    let atom = prop_oneof![4 => plain(), 1 => select(ESCAPED.to_vec()).prop_map(|escaped| format!("\\{escaped}")), 1 => Just(".".to_owned()), 3 => class()];
    let sequence = proptest::collection::vec(repeated(atom), 0..5).prop_map(|atoms| atoms.concat());
    sequence
        .prop_recursive(3, 24, 4, |inner| {
            let grouped = (
                any::<bool>(),
                proptest::collection::vec(inner.clone(), 1..4),
            )
                .prop_map(|(quiet, ways): (bool, Vec<String>)| group(quiet, &ways));
            (inner.clone(), repeated(grouped), inner)
                .prop_map(|(before, group, after)| before + &group + &after)
        })
        .boxed()
}

fn group(quiet: bool, ways: &[String]) -> String {
    format!("({}{})", if quiet { "?:" } else { "" }, ways.join("|"))
}

/// A literal character. Colons and `#` are excluded, because they begin a host or a fragment.
fn plain() -> impl Strategy<Value = String> {
    let plain: Vec<char> = ('!'..='~')
        .filter(|one| !r".?+*()[]{}|^$\:#".contains(*one))
        .collect();
    prop_oneof![3 => "[a-c/]", 1 => select(plain).prop_map(String::from)]
}

fn class() -> impl Strategy<Value = String> {
    let member = prop_oneof![
        4 => select(vec!["a", "b", "Z", "0", "_", ".", "/", "=", "%", "@", "+", ",", "?", "x#", ":x"]).prop_map(str::to_owned),
        2 => select(vec!["a-c", "a-z", "A-Z", "0-9", "b-b", "X-Z"]).prop_map(str::to_owned),
    ];
    (
        any::<bool>(),
        proptest::collection::vec(member, 1..5),
        any::<bool>(),
    )
        .prop_map(|(negated, members, dash)| {
            format!(
                "[{}{}{}]",
                if negated { "^" } else { "" },
                members.concat(),
                if dash { "-" } else { "" }
            )
        })
}

fn repeated(atom: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let quantifier = prop_oneof![
        5 => Just(""),
        2 => select(vec!["*", "+", "?"]),
        1 => select(vec!["{1}", "{2}", "{0,}", "{1,}", "{2,}", "{0,1}", "{1,3}", "{2,2}", "{0,2}"]),
    ];
    (atom, quantifier).prop_map(|(atom, quantifier)| atom + quantifier)
}
