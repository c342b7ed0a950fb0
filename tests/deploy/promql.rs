//! Which series a PromQL expression asks for.

/// The words of PromQL that our expressions use; every other word is the name of a series.
const WORDS: &[&str] = &[
    "absent",
    "and",
    "changes",
    "count",
    "histogram_quantile",
    "increase",
    "max",
    "min",
    "rate",
    "sum",
    "time",
    "unless",
];

/// The words that are followed by labels in brackets.
const GROUPING: &[&str] = &["by", "on"];

/// The names of the series, as often as they are asked for. The error says what has no end.
pub fn metrics_of(expr: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let mut rest = expr.trim_start();
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '{' => after(rest, '}')?,
            '[' => after(rest, ']')?,
            '"' => after(&rest[1..], '"')?,
            c if c.is_ascii_alphabetic() || c == '_' => {
                let (word, behind) = split(rest);
                if GROUPING.contains(&word) {
                    after(behind, ')')?
                } else {
                    if !WORDS.contains(&word) {
                        found.push(word.to_owned());
                    }
                    behind
                }
            }
            // A number, with its unit if it has one.
            c if c.is_ascii_digit() => split(rest).1,
            c => &rest[c.len_utf8()..],
        }
        .trim_start();
    }
    Ok(found)
}

fn split(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':')
        .unwrap_or(text.len());
    text.split_at(end)
}

fn after(text: &str, end: char) -> Result<&str, String> {
    text.split_once(end)
        .map(|(_, behind)| behind)
        .ok_or_else(|| format!("no `{end}`"))
}

#[test]
fn labels_times_and_words_of_the_language_are_no_series() {
    let asked = metrics_of(
        "histogram_quantile(0.99, sum by (le, call) (rate(a_bucket{call=\"b\"}[5m]))) > 1e3 \
         unless on () c:d == 2",
    );
    assert_eq!(asked, Ok(vec!["a_bucket".to_owned(), "c:d".to_owned()]));
    assert!(metrics_of("a{b=\"c\"").is_err());
}
