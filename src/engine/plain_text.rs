//! What a person typed, without what is not meant to be read: the one place that cleans it.
//!
//! `engine` calls [`cleaned`] before anything is looked for in a text, and whoever writes typed
//! words down again does too. Matching then drops the marks on letters with [`is_mark`].

/// The longest text of one message, in characters, by the Bot API. Danger words are looked for in
/// all of it.
pub const LONGEST_TEXT: usize = 4096;

/// The longest text that can be an answer, in characters (our limit: no label is nearly as long).
/// A longer one is not cut to that: what comes later may say the opposite.
pub const LONGEST_ANSWER: usize = 200;

/// The most marks that stay on one letter; every language that people write is done with two.
const MOST_MARKS: usize = 2;

/// A text of at most [`LONGEST_TEXT`] characters, without control characters, marks of direction,
/// characters that cannot be seen, and towers of marks on a letter. Lines stay lines.
pub fn cleaned(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(4 * LONGEST_TEXT));
    let mut marks = 0;
    for c in text.chars().take(LONGEST_TEXT) {
        match c {
            '\n' | '\u{2028}' | '\u{2029}' => out.push('\n'),
            c if c.is_control() => out.push(' '),
            c if is_invisible(c) => continue,
            c if is_mark(c) => {
                marks += 1;
                if marks <= MOST_MARKS {
                    out.push(c);
                }
                continue;
            }
            c => out.push(c),
        }
        marks = 0;
    }
    out
}

/// Whether a text is short enough to be an answer.
pub fn can_be_an_answer(text: &str) -> bool {
    text.chars().nth(LONGEST_ANSWER).is_none()
}

/// Marks of direction, joiners, fillers, variation selectors and tags.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// A mark that is put on any letter: the blocks of combining marks that belong to no one script.
pub fn is_mark(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36f}'
            | '\u{483}'..='\u{489}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{fe20}'..='\u{fe2f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(cleaned(text), expected, "{text:?}");
    }

    #[test]
    fn what_cannot_be_read_is_taken_away_and_the_words_stay() {
        check("chest pain", "chest pain");
        check("chest\u{200b} pa\u{ad}in\u{fe0f}", "chest pain");
        check("\u{202e}chest pain\u{202c}", "chest pain");
        check("\u{2067}a\u{2069} \u{61c}b", "a b");
        check("one\ttwo\u{0}three\r\nfour", "one two three \nfour");
        check("नमस्ते", "नमस्ते");
        check("e\u{301}", "e\u{301}");
    }

    #[test]
    fn no_letter_keeps_more_than_two_marks() {
        let tower = "\u{300}\u{301}\u{302}\u{303}";
        check(
            &format!("a{tower}b{tower}"),
            "a\u{300}\u{301}b\u{300}\u{301}",
        );
        let parted = "\u{300}\u{200b}".repeat(9);
        check(&format!("a{parted}"), "a\u{300}\u{300}");
    }

    #[test]
    fn a_text_ends_where_the_messenger_ends_it() {
        assert_eq!(cleaned(&"👍".repeat(5000)).chars().count(), LONGEST_TEXT);
        assert!(can_be_an_answer(&"é".repeat(LONGEST_ANSWER)));
        assert!(!can_be_an_answer(&"é".repeat(LONGEST_ANSWER + 1)));
    }
}
