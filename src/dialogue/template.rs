//! A text of the dialogue files: Fluent syntax with placeables, filled in when it is shown.

use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use fluent_syntax::ast;

/// A checked text. Cheap to format, never fails.
pub struct Template {
    source: String,
    resource: FluentResource,
    placeables: BTreeSet<String>,
}

/// Words to fill into texts, by name. Those that most texts do without may be made when they are first
/// asked for.
#[derive(Clone, Default)]
pub struct Words<'a> {
    own: Vec<Word>,
    common: Option<Rc<Common<'a>>>,
}

type Word = (&'static str, String);

/// Words that are made when they are first asked for.
type Common<'a> = LazyCell<Vec<Word>, Box<dyn FnOnce() -> Vec<Word> + 'a>>;

impl<'a> Words<'a> {
    /// No words.
    pub fn new() -> Words<'a> {
        Words::default()
    }

    /// These words, made when one is first asked for.
    pub fn later(make: impl FnOnce() -> Words<'a> + 'a) -> Words<'a> {
        let make = Box::new(|| make().own) as Box<dyn FnOnce() -> Vec<Word> + 'a>;
        Words {
            own: Vec::new(),
            common: Some(Rc::new(LazyCell::new(make))),
        }
    }

    /// The same words and one more; a later word replaces an earlier of the same name.
    #[must_use]
    pub fn with(mut self, name: &'static str, word: impl Into<String>) -> Words<'a> {
        self.set(name, word);
        self
    }

    /// Set one word.
    pub fn set(&mut self, name: &'static str, word: impl Into<String>) {
        self.own.retain(|(n, _)| *n != name);
        self.own.push((name, word.into()));
    }

    /// The word of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let find = |words: &'_ [Word]| words.iter().position(|(n, _)| *n == name);
        if let Some(at) = find(&self.own) {
            return Some(&self.own[at].1);
        }
        let common: &Vec<Word> = self.common.as_deref()?;
        find(common).map(|at| common[at].1.as_str())
    }
}

static BUNDLE: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| {
    let mut bundle = FluentBundle::new_concurrent(Vec::new());
    // Isolating marks would show as boxes on some phones; all text is in one direction.
    bundle.set_use_isolating(false);
    bundle
});

impl Template {
    /// Read a text, or say what is wrong with it.
    pub fn read(text: &str) -> Result<Template, String> {
        // A message of one id whose value is the text: each line indented as Fluent wants it.
        // Spaces at the ends are part of our texts, and so are leading special characters.
        let mut source = String::from("t =");
        for line in text.split('\n') {
            source.push_str("\n    ");
            let trimmed = line.trim_start_matches(' ');
            let spaces = line.len() - trimmed.len();
            if spaces > 0 || trimmed.is_empty() || trimmed.starts_with(['[', '*', '.', '}']) {
                source.push_str(&format!("{{ \"{}\" }}", " ".repeat(spaces)));
            }
            let body = trimmed.trim_end_matches(' ');
            source.push_str(body);
            let after = trimmed.len() - body.len();
            if after > 0 && !body.is_empty() {
                source.push_str(&format!("{{ \"{}\" }}", " ".repeat(after)));
            }
        }
        source.push('\n');
        let resource = FluentResource::try_new(source)
            .map_err(|(_, errors)| errors.first().map_or_else(String::new, ToString::to_string))?;
        let mut placeables = BTreeSet::new();
        for element in &pattern(&resource).ok_or("the text is empty")?.elements {
            if let ast::PatternElement::Placeable { expression } = element {
                match expression {
                    ast::Expression::Inline(ast::InlineExpression::VariableReference { id }) => {
                        placeables.insert(id.name.to_owned());
                    }
                    ast::Expression::Inline(ast::InlineExpression::StringLiteral { .. }) => {}
                    _ => return Err("only `{ $name }` may stand in a text".into()),
                }
            }
        }
        Ok(Template {
            source: text.to_owned(),
            resource,
            placeables,
        })
    }

    /// The text with its placeables filled in. A placeable without a word shows its name.
    pub fn fill(&self, words: &Words) -> String {
        if self.placeables.is_empty() {
            return self.source.clone();
        }
        let mut args = FluentArgs::with_capacity(self.placeables.len());
        for name in &self.placeables {
            if let Some(word) = words.get(name) {
                args.set(name.as_str(), word);
            }
        }
        match pattern(&self.resource) {
            Some(p) => BUNDLE
                .format_pattern(p, Some(&args), &mut Vec::new())
                .into_owned(),
            None => self.source.clone(),
        }
    }

    /// The names of its placeables.
    pub fn placeables(&self) -> &BTreeSet<String> {
        &self.placeables
    }

    /// The text as it stands in the file.
    pub fn source(&self) -> &str {
        &self.source
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template({:?})", self.source)
    }
}

fn pattern(resource: &FluentResource) -> Option<&ast::Pattern<&str>> {
    match resource.get_entry(0) {
        Some(ast::Entry::Message(m)) => m.value.as_ref(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let words = Words::new()
            .with("you", "your child")
            .with("line", "\nSex: less feeling.");
        assert_eq!(Template::read(text).unwrap().fill(&words), expected);
    }

    #[test]
    fn a_text_keeps_its_lines_spaces_and_brackets() {
        check(
            "Any of these?\nRash: { $you }.",
            "Any of these?\nRash: your child.",
        );
        check(" Draft: { $you } ", " Draft: your child ");
        check(
            "[Done] first\n* star\n\nafter{ $line }",
            "[Done] first\n* star\n\nafter\nSex: less feeling.",
        );
    }

    #[test]
    fn only_plain_placeables_are_taken() {
        assert!(Template::read("{ $n -> [one] x *[other] y }").is_err());
        assert!(Template::read("broken { $you").is_err());
    }
}
