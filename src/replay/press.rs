//! Which button a replay means: `[Label]` and its kin, among all that stood in the chat.

use std::fmt;

use super::How;
use super::message::print_label;

/// The buttons that stood in a chat, with what each carries.
#[derive(Debug, Clone, Default)]
pub struct Chat {
    /// Every form of every message, oldest first.
    shown: Vec<Form>,
}

#[derive(Debug, Clone)]
struct Form {
    message: i64,
    buttons: Vec<(String, String)>,
}

/// There is no such button to press.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoButton {
    /// What it should have said.
    pub label: String,
    /// How it should have been pressed.
    pub how: How,
    /// What the newest message with buttons shows instead.
    pub shown: Vec<String>,
}

impl Chat {
    /// A message was sent, or edited: its buttons are now these labels with what they carry.
    pub fn shows(&mut self, message: i64, buttons: impl IntoIterator<Item = (String, String)>) {
        let one_line = |label: String| label.split_whitespace().collect::<Vec<_>>().join(" ");
        let buttons = buttons
            .into_iter()
            .map(|(label, data)| (one_line(label), data))
            .collect();
        self.shown.push(Form { message, buttons });
    }

    /// The message and what its button carries, for a press of a replay.
    pub fn press(&self, label: &str, how: How) -> Result<(i64, &str), NoButton> {
        let places_before = match how {
            How::Older(n) => n,
            _ => 0,
        };
        let found = match how {
            How::Stale => self.replaced(label),
            _ => self
                .visible()
                .filter_map(|form| form.button(label))
                .nth(places_before),
        };
        found.ok_or_else(|| NoButton {
            label: label.to_owned(),
            how,
            shown: self.newest_labels(),
        })
    }

    /// The form that each message has now, newest message first.
    fn visible(&self) -> impl Iterator<Item = &Form> {
        let mut messages: Vec<i64> = Vec::new();
        for form in &self.shown {
            if !messages.contains(&form.message) {
                messages.push(form.message);
            }
        }
        messages
            .into_iter()
            .rev()
            .filter_map(|m| self.shown.iter().rfind(|f| f.message == m))
    }

    /// The newest button of that label that no message shows any more.
    fn replaced(&self, label: &str) -> Option<(i64, &str)> {
        let still: Vec<_> = self
            .visible()
            .filter_map(|form| form.button(label))
            .collect();
        self.shown
            .iter()
            .rev()
            .filter_map(|form| form.button(label))
            .find(|button| !still.contains(button))
    }

    fn newest_labels(&self) -> Vec<String> {
        let newest = self.visible().find(|form| !form.buttons.is_empty());
        newest
            .map(|form| form.buttons.iter().map(|(l, _)| l.clone()).collect())
            .unwrap_or_default()
    }
}

impl Form {
    fn button(&self, label: &str) -> Option<(i64, &str)> {
        self.buttons
            .iter()
            .find(|(l, _)| l == label)
            .map(|(_, data)| (self.message, data.as_str()))
    }
}

impl fmt::Display for NoButton {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = print_label(&self.label);
        match self.how {
            How::Newest | How::Twice => write!(f, "No message shows {label}.")?,
            How::Older(n) => write!(f, "Fewer than {} messages show {label}.", n + 1)?,
            How::Stale => write!(f, "No question that was replaced had {label}.")?,
        }
        if self.shown.is_empty() {
            return f.write_str(" No message has buttons.");
        }
        let shown: Vec<String> = self.shown.iter().map(|l| print_label(l)).collect();
        write!(f, " The newest buttons are {}.", shown.join(" "))
    }
}

impl std::error::Error for NoButton {}

#[cfg(test)]
mod tests {
    use super::*;

    /// A chat in the form `1 None:a Back:b | 2 Back:c`: message, then labels with what they carry.
    fn chat(text: &str) -> Chat {
        let mut chat = Chat::default();
        for form in text.split(" | ") {
            let (message, buttons) = form.split_once(' ').unwrap_or((form, ""));
            let pairs = buttons.split_whitespace().filter_map(|b| b.split_once(':'));
            chat.shows(
                message.parse().unwrap(),
                pairs.map(|(l, d)| (l.to_owned(), d.to_owned())),
            );
        }
        chat
    }

    fn check(shown: &str, label: &str, how: How, expected: Option<(i64, &str)>) {
        assert_eq!(
            chat(shown).press(label, how).ok(),
            expected,
            "{label} {how:?} in {shown}"
        );
    }

    #[test]
    fn a_press_finds_the_button_that_the_reader_means() {
        let edited = "1 None:a Back:b | 1 None:c";
        check(edited, "None", How::Newest, Some((1, "c")));
        check(edited, "None", How::Twice, Some((1, "c")));
        check(edited, "None", How::Stale, Some((1, "a")));
        check(edited, "Back", How::Newest, None);
        check(edited, "Back", How::Stale, Some((1, "b")));
        let two = "1 Why:a | 2 Why:b | 1 Why:c";
        check(two, "Why", How::Newest, Some((2, "b")));
        check(two, "Why", How::Older(1), Some((1, "c")));
        check(two, "Why", How::Older(2), None);
        check(two, "Why", How::Stale, Some((1, "a")));
    }

    #[test]
    fn an_edit_that_left_the_button_as_it_was_makes_nothing_stale() {
        check("1 None:a | 1 None:a Done:b", "None", How::Stale, None);
    }

    #[test]
    fn a_button_that_is_missing_is_reported_with_those_that_are_there() {
        let missing = chat("1 Yes:a No:b")
            .press("Perhaps", How::Newest)
            .unwrap_err();
        assert_eq!(
            missing.to_string(),
            "No message shows [Perhaps]. The newest buttons are [Yes] [No]."
        );
    }
}
