//! The condition language of the dialogue files: read, resolve, evaluate, print.
//!
//! `NOT` binds tightest, then `AND`, then `OR`; brackets win. Comparisons become sets of options
//! when the condition is resolved, so evaluation is a few bit operations and total.

use std::collections::BTreeMap;
use std::ops::Range;

use winnow::ascii::{digit1, multispace0};
use winnow::combinator::{
    alt, cut_err, delimited, eof, not, opt, preceded, repeat, separated, terminated,
};
use winnow::error::{ContextError, StrContext, StrContextValue};
use winnow::prelude::*;
use winnow::stream::{LocatingSlice, Location as _};
use winnow::token::{one_of, take_while};

use super::Fact;
use super::file::{Disposition, FactKind};
use super::issue::{Code, did_you_mean};
use super::knowledge::{FactId, Knowledge, Options, Truth};

/// A checked condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Always true.
    Always,
    /// All hold.
    All(Vec<Condition>),
    /// At least one holds.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// A fact of one answer is among these options.
    In { fact: FactId, options: Options },
    /// A fact of several answers has one of these options.
    HasAny { fact: FactId, options: Options },
    /// The number of answers of a fact of several.
    Count { fact: FactId, low: u32, high: u32 },
    /// A named condition, written out, with its name.
    Named {
        name: String,
        condition: Box<Condition>,
    },
    /// The disposition is among these, as bits by [`Disposition`] number.
    Disposition(u8),
    /// No rule of another disposition fired.
    Else,
}

/// A problem in a condition, with the bytes of the condition it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind.
    pub code: Code,
    /// Where in the condition.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// How to cure it.
    pub cure: String,
}

/// What conditions may refer to.
pub struct Names<'a> {
    /// The facts.
    pub facts: &'a [Fact],
    /// Named conditions that were read already.
    pub named: &'a BTreeMap<String, Condition>,
    /// Whether `DISPOSITION` may be read here.
    pub disposition: bool,
    /// Whether `ELSE` may stand here.
    pub or_else: bool,
}

impl Condition {
    /// Read a condition, or say everything that is wrong with it.
    pub fn read(text: &str, names: &Names<'_>) -> Result<Condition, Vec<Fault>> {
        let tree = parse(text).map_err(|f| vec![f])?;
        let mut faults = Vec::new();
        let condition = resolve(&tree, names, &mut faults);
        if faults.is_empty() {
            Ok(condition)
        } else {
            Err(faults)
        }
    }

    /// Whether it holds, as far as `known` can say.
    ///
    /// `disposition` is the final one, where there is one; `ELSE` is then whether it is
    /// self-care. Without it both are unknown.
    pub fn truth(
        &self,
        facts: &[Fact],
        known: &Knowledge,
        disposition: Option<Disposition>,
    ) -> Truth {
        let go = |c: &Condition| c.truth(facts, known, disposition);
        match self {
            Condition::Always => Truth::True,
            Condition::All(all) => {
                let mut result = Truth::True;
                for c in all {
                    match go(c) {
                        Truth::False => return Truth::False,
                        Truth::Unknown => result = Truth::Unknown,
                        Truth::True => {}
                    }
                }
                result
            }
            Condition::Any(any) => {
                let mut result = Truth::False;
                for c in any {
                    match go(c) {
                        Truth::True => return Truth::True,
                        Truth::Unknown => result = Truth::Unknown,
                        Truth::False => {}
                    }
                }
                result
            }
            Condition::Not(c) => go(c).negated(),
            Condition::In { fact, options } => known.is_in(*fact, *options, facts[*fact].all()),
            Condition::HasAny { fact, options } => known.has_any(*fact, *options),
            Condition::Count { fact, low, high } => {
                known.count_in(*fact, *low, *high, facts[*fact].all())
            }
            Condition::Named { condition, .. } => go(condition),
            Condition::Disposition(set) => match disposition {
                Some(d) => Truth::from(set & (1 << d as u8) != 0),
                None => Truth::Unknown,
            },
            Condition::Else => match disposition {
                Some(d) => Truth::from(d == Disposition::SelfCare),
                None => Truth::Unknown,
            },
        }
    }

    /// The facts it names, each once, in order of their numbers.
    pub fn facts(&self) -> Vec<FactId> {
        let mut out = Vec::new();
        self.visit(&mut |c| match c {
            Condition::In { fact, .. }
            | Condition::HasAny { fact, .. }
            | Condition::Count { fact, .. } => out.push(*fact),
            _ => {}
        });
        out.sort_unstable();
        out.dedup();
        out
    }

    /// Call `see` for this condition and all inside it.
    pub fn visit(&self, see: &mut impl FnMut(&Condition)) {
        see(self);
        match self {
            Condition::All(cs) | Condition::Any(cs) => cs.iter().for_each(|c| c.visit(see)),
            Condition::Not(c) => c.visit(see),
            Condition::Named { condition, .. } => condition.visit(see),
            _ => {}
        }
    }

    /// The condition in the notation of the files.
    pub fn print(&self, facts: &[Fact]) -> String {
        self.print_at(facts, 0)
    }

    fn print_at(&self, facts: &[Fact], binding: u8) -> String {
        let join = |cs: &[Condition], word: &str, level: u8| {
            let parts: Vec<String> = cs.iter().map(|c| c.print_at(facts, level)).collect();
            let text = parts.join(word);
            if binding >= level {
                format!("({text})")
            } else {
                text
            }
        };
        let names = |fact: FactId, options: Options| -> Vec<&str> {
            let f = &facts[fact];
            (0..f.options.len())
                .filter(|i| options & (1 << i) != 0)
                .map(|i| f.options[i].id.as_str())
                .collect()
        };
        match self {
            Condition::Always => "ALWAYS".into(),
            Condition::All(cs) => join(cs, " AND ", 2),
            Condition::Any(cs) => join(cs, " OR ", 1),
            Condition::Not(c) => format!("NOT {}", c.print_at(facts, 3)),
            Condition::In { fact, options } => match names(*fact, *options).as_slice() {
                [one] => format!("{} = {one}", facts[*fact].id),
                many => format!("{} IN ({})", facts[*fact].id, many.join(", ")),
            },
            Condition::HasAny { fact, options } => match names(*fact, *options).as_slice() {
                [one] => format!("{} HAS {one}", facts[*fact].id),
                many => format!("{} HAS_ANY ({})", facts[*fact].id, many.join(", ")),
            },
            Condition::Count {
                fact,
                low,
                high: u32::MAX,
            } => format!("{} COUNT >= {low}", facts[*fact].id),
            Condition::Count { fact, low: 0, high } => {
                format!("{} COUNT <= {high}", facts[*fact].id)
            }
            Condition::Count { fact, low, .. } => format!("{} COUNT = {low}", facts[*fact].id),
            Condition::Named { name, .. } => format!("@{name}"),
            Condition::Disposition(set) => {
                let all = [
                    (Disposition::NoTriage, "no_triage"),
                    (Disposition::SelfCare, "self_care"),
                    (Disposition::Routine, "routine"),
                    (Disposition::Soon, "soon"),
                    (Disposition::Urgent, "urgent"),
                    (Disposition::Emergency, "emergency"),
                ];
                let names: Vec<&str> = all
                    .iter()
                    .filter(|(d, _)| set & (1 << *d as u8) != 0)
                    .map(|(_, n)| *n)
                    .collect();
                format!("DISPOSITION IN ({})", names.join(", "))
            }
            Condition::Else => "ELSE".into(),
        }
    }
}

// ---- reading -------------------------------------------------------------------------------

#[derive(Debug, Clone)]
struct Word {
    text: String,
    span: Range<usize>,
}

#[derive(Debug, Clone)]
enum Tree {
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Not(Box<Tree>),
    Named(Word),
    Else(Range<usize>),
    Compare { left: Word, op: Op, right: Word },
    In { left: Word, right: Vec<Word> },
    Has { left: Word, right: Vec<Word> },
    Count { left: Word, op: Op, n: u32 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

type Input<'a> = LocatingSlice<&'a str>;

fn expected(what: &'static str) -> StrContext {
    StrContext::Expected(StrContextValue::Description(what))
}

fn parse(text: &str) -> Result<Tree, Fault> {
    terminated(
        preceded(multispace0, any),
        eof.context(expected("AND, OR or the end")),
    )
    .parse(LocatingSlice::new(text))
    .map_err(|e| {
        let at = e.offset();
        let wanted: Vec<String> = e
            .inner()
            .context()
            .filter_map(|c| match c {
                StrContext::Expected(v) => Some(v.to_string()),
                _ => None,
            })
            .collect();
        let wanted = if wanted.is_empty() {
            "something else".into()
        } else {
            wanted[0].clone()
        };
        let found = text[at..].split_whitespace().next().unwrap_or("the end");
        Fault {
            code: Code::Condition,
            span: at..at + text[at..].chars().next().map_or(0, char::len_utf8),
            message: format!("expected {wanted} here, found `{found}`"),
            cure:
                "Conditions look like `fever = no AND (leg_pain IN (none, both_legs) OR NOT @hot)`."
                    .into(),
        }
    })
}

fn keyword<'a>(
    word: &'static str,
) -> impl Parser<Input<'a>, (), winnow::error::ErrMode<ContextError>> {
    move |i: &mut Input<'a>| {
        (
            word,
            not(one_of(|c: char| c.is_ascii_alphanumeric() || c == '_')),
            multispace0,
        )
            .void()
            .parse_next(i)
    }
}

fn symbol<'a>(s: &'static str) -> impl Parser<Input<'a>, (), winnow::error::ErrMode<ContextError>> {
    move |i: &mut Input<'a>| (s, multispace0).void().parse_next(i)
}

fn any(i: &mut Input<'_>) -> ModalResult<Tree> {
    separated(1.., all, keyword("OR"))
        .map(|mut v: Vec<Tree>| {
            if v.len() == 1 {
                v.remove(0)
            } else {
                Tree::Any(v)
            }
        })
        .parse_next(i)
}

fn all(i: &mut Input<'_>) -> ModalResult<Tree> {
    separated(1.., unary, keyword("AND"))
        .map(|mut v: Vec<Tree>| {
            if v.len() == 1 {
                v.remove(0)
            } else {
                Tree::All(v)
            }
        })
        .parse_next(i)
}

fn unary(i: &mut Input<'_>) -> ModalResult<Tree> {
    alt((
        preceded(keyword("NOT"), cut_err(unary)).map(|t| Tree::Not(Box::new(t))),
        delimited(
            symbol("("),
            cut_err(any),
            cut_err(symbol(")").context(expected("a closing bracket"))),
        ),
        preceded(
            "@",
            cut_err(word.context(expected("the name of a condition"))),
        )
        .map(Tree::Named),
        keyword("ELSE").span().map(Tree::Else),
        comparison,
    ))
    .context(expected("a fact, NOT, @name or a bracket"))
    .parse_next(i)
}

fn comparison(i: &mut Input<'_>) -> ModalResult<Tree> {
    let left = word.parse_next(i)?;
    cut_err(|i: &mut Input<'_>| {
        let left = left.clone();
        alt((
            preceded(keyword("IN"), cut_err(list)).map({
                let left = left.clone();
                move |right| Tree::In {
                    left: left.clone(),
                    right,
                }
            }),
            preceded(keyword("HAS_ANY"), cut_err(list)).map({
                let left = left.clone();
                move |right| Tree::Has {
                    left: left.clone(),
                    right,
                }
            }),
            preceded(keyword("HAS"), cut_err(word.context(expected("an option")))).map({
                let left = left.clone();
                move |w| Tree::Has {
                    left: left.clone(),
                    right: vec![w],
                }
            }),
            preceded(keyword("COUNT"), cut_err((op, number))).map({
                let left = left.clone();
                move |(op, n)| Tree::Count {
                    left: left.clone(),
                    op,
                    n,
                }
            }),
            (op, cut_err(word.context(expected("an option or a number")))).map({
                let left = left.clone();
                move |(op, right)| Tree::Compare {
                    left: left.clone(),
                    op,
                    right,
                }
            }),
        ))
        .context(expected("=, !=, <, <=, >, >=, IN, HAS, HAS_ANY or COUNT"))
        .parse_next(i)
    })
    .parse_next(i)
}

fn op(i: &mut Input<'_>) -> ModalResult<Op> {
    terminated(
        alt((
            "!=".value(Op::Ne),
            "<=".value(Op::Le),
            ">=".value(Op::Ge),
            "=".value(Op::Eq),
            "<".value(Op::Lt),
            ">".value(Op::Gt),
        )),
        multispace0,
    )
    .context(expected("=, !=, <, <=, > or >="))
    .parse_next(i)
}

fn number(i: &mut Input<'_>) -> ModalResult<u32> {
    terminated(digit1.try_map(str::parse::<u32>), multispace0)
        .context(expected("a number"))
        .parse_next(i)
}

fn list(i: &mut Input<'_>) -> ModalResult<Vec<Word>> {
    delimited(
        symbol("(").context(expected("a list in brackets")),
        separated(1.., word.context(expected("an option")), symbol(",")),
        (
            opt(symbol(",")),
            symbol(")").context(expected("a comma or a closing bracket")),
        ),
    )
    .parse_next(i)
}

fn word(i: &mut Input<'_>) -> ModalResult<Word> {
    let _: () = not(
        alt(("AND", "OR", "NOT", "IN", "HAS_ANY", "HAS", "COUNT", "ELSE"))
            .void()
            .verify({
                let rest: String = i
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                    .collect();
                move |()| {
                    matches!(
                        rest.as_str(),
                        "AND" | "OR" | "NOT" | "IN" | "HAS_ANY" | "HAS" | "COUNT" | "ELSE"
                    )
                }
            }),
    )
    .parse_next(i)?;
    let start = i.current_token_start();
    let text = take_while(1.., |c: char| c.is_ascii_alphanumeric() || c == '_').parse_next(i)?;
    let span = start..start + text.len();
    let _: () = repeat(0.., one_of([' ', '\t', '\n', '\r']).void()).parse_next(i)?;
    Ok(Word {
        text: text.to_owned(),
        span,
    })
}

// ---- resolving -----------------------------------------------------------------------------

fn resolve(tree: &Tree, names: &Names<'_>, faults: &mut Vec<Fault>) -> Condition {
    match tree {
        Tree::All(ts) => Condition::All(ts.iter().map(|t| resolve(t, names, faults)).collect()),
        Tree::Any(ts) => Condition::Any(ts.iter().map(|t| resolve(t, names, faults)).collect()),
        Tree::Not(t) => Condition::Not(Box::new(resolve(t, names, faults))),
        Tree::Named(w) => match names.named.get(&w.text) {
            Some(c) => Condition::Named {
                name: w.text.clone(),
                condition: Box::new(c.clone()),
            },
            None => {
                faults.push(Fault {
                    code: Code::UnknownCondition,
                    span: w.span.clone(),
                    message: format!("there is no condition named `{}` above this line", w.text),
                    cure: did_you_mean(&w.text, names.named.keys().map(String::as_str)),
                });
                Condition::Always
            }
        },
        Tree::Else(span) => {
            if !names.or_else {
                faults.push(Fault {
                    code: Code::WrongOperator,
                    span: span.clone(),
                    message: "`ELSE` may stand only in a rule".into(),
                    cure: "Write the condition out.".into(),
                });
            }
            Condition::Else
        }
        Tree::In { left, right } if left.text == "DISPOSITION" => {
            disposition(left, right, names, faults)
        }
        Tree::Compare {
            left,
            op: Op::Eq,
            right,
        } if left.text == "DISPOSITION" => {
            disposition(left, std::slice::from_ref(right), names, faults)
        }
        Tree::Compare { left, op, right } => compare(left, *op, right, names, faults),
        Tree::In { left, right } => {
            let Some(fact) = find(left, names, faults) else {
                return Condition::Always;
            };
            if names.facts[fact].kind == FactKind::Multi {
                faults.push(operator(left, &names.facts[fact], "IN", "HAS_ANY"));
            }
            Condition::In {
                fact,
                options: options(fact, right, names, faults),
            }
        }
        Tree::Has { left, right } => {
            let Some(fact) = find(left, names, faults) else {
                return Condition::Always;
            };
            if names.facts[fact].kind != FactKind::Multi {
                faults.push(operator(left, &names.facts[fact], "HAS", "= or IN"));
            }
            Condition::HasAny {
                fact,
                options: options(fact, right, names, faults),
            }
        }
        Tree::Count { left, op, n } => {
            let Some(fact) = find(left, names, faults) else {
                return Condition::Always;
            };
            if names.facts[fact].kind != FactKind::Multi {
                faults.push(operator(left, &names.facts[fact], "COUNT", "= or IN"));
            }
            let (low, high) = match op {
                Op::Eq => (*n, *n),
                Op::Ge => (*n, u32::MAX),
                Op::Gt => (n.saturating_add(1), u32::MAX),
                Op::Le => (0, *n),
                Op::Lt => (0, n.saturating_sub(1)),
                Op::Ne => {
                    return Condition::Not(Box::new(Condition::Count {
                        fact,
                        low: *n,
                        high: *n,
                    }));
                }
            };
            Condition::Count { fact, low, high }
        }
    }
}

fn find(word: &Word, names: &Names<'_>, faults: &mut Vec<Fault>) -> Option<FactId> {
    let found = names.facts.iter().position(|f| f.id == word.text);
    if found.is_none() {
        faults.push(Fault {
            code: Code::UnknownFact,
            span: word.span.clone(),
            message: format!("there is no fact `{}`", word.text),
            cure: did_you_mean(&word.text, names.facts.iter().map(|f| f.id.as_str())),
        });
    }
    found
}

fn options(fact: FactId, words: &[Word], names: &Names<'_>, faults: &mut Vec<Fault>) -> Options {
    words
        .iter()
        .filter_map(|w| option(fact, w, names, faults))
        .fold(0, |set, o| set | 1 << o)
}

fn option(fact: FactId, word: &Word, names: &Names<'_>, faults: &mut Vec<Fault>) -> Option<u8> {
    let f = &names.facts[fact];
    let found = f.option(&word.text);
    if found.is_none() {
        faults.push(Fault {
            code: Code::UnknownOption,
            span: word.span.clone(),
            message: format!("`{}` has no option `{}`", f.id, word.text),
            cure: did_you_mean(&word.text, f.options.iter().map(|o| o.id.as_str())),
        });
    }
    found
}

fn compare(
    left: &Word,
    op: Op,
    right: &Word,
    names: &Names<'_>,
    faults: &mut Vec<Fault>,
) -> Condition {
    let Some(fact) = find(left, names, faults) else {
        return Condition::Always;
    };
    let f = &names.facts[fact];
    if f.kind == FactKind::Multi {
        faults.push(operator(left, f, "a comparison", "HAS, HAS_ANY or COUNT"));
    }
    if !matches!(op, Op::Eq | Op::Ne) && !f.ordered {
        faults.push(operator(
            left,
            f,
            "an order",
            "= or IN, since its options have no order",
        ));
    }
    let Some(o) = option(fact, right, names, faults) else {
        return Condition::Always;
    };
    let bit: Options = 1 << o;
    let below = bit - 1;
    let all = f.all();
    let options = match op {
        Op::Eq => bit,
        Op::Ne => all & !bit,
        Op::Lt => below,
        Op::Le => below | bit,
        Op::Gt => all & !(below | bit),
        Op::Ge => all & !below,
    };
    Condition::In { fact, options }
}

fn operator(word: &Word, fact: &Fact, used: &str, fits: &str) -> Fault {
    Fault {
        code: Code::WrongOperator,
        span: word.span.clone(),
        message: format!("`{}` cannot be used with {used}", fact.id),
        cure: format!("Use {fits}."),
    }
}

fn disposition(
    left: &Word,
    right: &[Word],
    names: &Names<'_>,
    faults: &mut Vec<Fault>,
) -> Condition {
    if !names.disposition {
        faults.push(Fault {
            code: Code::WrongOperator,
            span: left.span.clone(),
            message: "`DISPOSITION` is not known here".into(),
            cure: "Only gates, plan lines and lines under a verdict may read it.".into(),
        });
    }
    let known = [
        "no_triage",
        "self_care",
        "routine",
        "soon",
        "urgent",
        "emergency",
    ];
    let mut set = 0;
    for w in right {
        match known.iter().position(|k| *k == w.text) {
            Some(i) => set |= 1 << i,
            None => faults.push(Fault {
                code: Code::UnknownOption,
                span: w.span.clone(),
                message: format!("there is no disposition `{}`", w.text),
                cure: did_you_mean(&w.text, known),
            }),
        }
    }
    Condition::Disposition(set)
}
