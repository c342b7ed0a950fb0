//! Where the elements of one form are in another: by their ids, or those that they had before.

use crate::dialogue::{Act, Dialogue, FactId, Item, Knowledge, Known, Options, ScreenId};

/// The numbers of one form in those of another; nothing where it has no such element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Map {
    screens: Vec<Option<usize>>,
    /// By screen.
    items: Vec<Vec<Option<usize>>>,
    facts: Vec<Option<usize>>,
    /// By fact.
    options: Vec<Vec<Option<usize>>>,
    check_ins: Vec<Option<usize>>,
    drills: Vec<Option<usize>>,
    /// The pages of the plan, then the cards that teach.
    pages: Vec<Option<usize>>,
}

impl Map {
    /// Where the elements of `old` are in `new`.
    pub fn of(old: &Dialogue, new: &Dialogue) -> Map {
        let facts: Vec<Option<usize>> = old
            .facts
            .iter()
            .map(|f| {
                named(&f.id, new.facts.iter().map(|n| (&n.id, &*n.was)))
                    .filter(|n| new.facts[*n].kind == f.kind)
            })
            .collect();
        let options = old
            .facts
            .iter()
            .zip(&facts)
            .map(|(f, to)| {
                let there = to.map_or(&[][..], |n| &new.facts[n].options);
                let place = |id| named(id, there.iter().map(|o| (&o.id, &*o.was)));
                f.options.iter().map(|o| place(&o.id)).collect()
            })
            .collect();
        let screens = old
            .screens
            .iter()
            .map(|s| {
                named(&s.id, new.screens.iter().map(|n| (&n.id, &*n.was)))
                    .filter(|n| new.screens[*n].kind == s.kind)
            })
            .collect();
        let check_ins = old.check_ins.iter();
        let drills = old.drills.iter();
        let mut map = Map {
            screens,
            items: Vec::new(),
            facts,
            options,
            check_ins: check_ins
                .map(|c| named(&c.id, new.check_ins.iter().map(|n| (&n.id, &*n.was))))
                .collect(),
            drills: drills
                .map(|c| named(&c.id, new.drills.iter().map(|n| (&n.id, &*n.was))))
                .collect(),
            pages: pages(old, new),
        };
        map.items = (0..old.screens.len())
            .map(|id| map.items_of(old, new, id))
            .collect();
        map
    }

    /// The places of a screen's answers among those of the screen that it is now.
    fn items_of(&self, old: &Dialogue, new: &Dialogue, screen: ScreenId) -> Vec<Option<usize>> {
        let here = &old.screens[screen].items;
        let Some(there) = self.screens[screen].map(|n| &new.screens[n].items) else {
            return vec![None; here.len()];
        };
        let there: Vec<Meaning<'_>> = there.iter().map(Meaning::of).collect();
        let here: Vec<Option<Meaning<'_>>> = here.iter().map(|i| self.meaning(i)).collect();
        here.iter()
            .enumerate()
            .map(|(n, meaning)| {
                let meaning = meaning.as_ref()?;
                // Of several that mean the same, the first is the first.
                let nth = here[..n].iter().flatten().filter(|m| *m == meaning).count();
                let mut fits = there.iter().enumerate().filter(|(_, m)| *m == meaning);
                fits.nth(nth).map(|(place, _)| place)
            })
            .collect()
    }

    /// What an answer means, in the numbers of the other form.
    fn meaning<'a>(&self, item: &'a Item) -> Option<Meaning<'a>> {
        let mut meaning = Meaning::of(item);
        for set in &mut meaning.sets {
            let (fact, option) = self.option(set.0, set.1)?;
            *set = (fact, option);
        }
        meaning.sets.sort_unstable();
        meaning.then = match meaning.then {
            Some(then) => Some(self.screen(then)?),
            None => None,
        };
        Some(meaning)
    }

    /// Whether every number means what it meant.
    pub fn is_same(&self) -> bool {
        let same = |all: &[Option<usize>]| all.iter().enumerate().all(|(n, to)| *to == Some(n));
        let lists = [
            &self.screens,
            &self.facts,
            &self.check_ins,
            &self.drills,
            &self.pages,
        ];
        lists.into_iter().all(|l| same(l))
            && self.items.iter().chain(&self.options).all(|l| same(l))
    }

    pub fn screen(&self, screen: ScreenId) -> Option<ScreenId> {
        *self.screens.get(screen)?
    }

    pub fn item(&self, screen: ScreenId, item: u8) -> Option<(ScreenId, u8)> {
        let item = (*self.items.get(screen)?.get(usize::from(item))?)?;
        Some((self.screen(screen)?, small(item)?))
    }

    pub fn fact(&self, fact: FactId) -> Option<FactId> {
        *self.facts.get(fact)?
    }

    pub fn option(&self, fact: FactId, option: u8) -> Option<(FactId, u8)> {
        let option = (*self.options.get(fact)?.get(usize::from(option))?)?;
        Some((self.fact(fact)?, small(option)?))
    }

    pub fn check_in(&self, number: u8) -> Option<u8> {
        small((*self.check_ins.get(usize::from(number))?)?)
    }

    pub fn drill(&self, number: u8) -> Option<u8> {
        small((*self.drills.get(usize::from(number))?)?)
    }

    pub fn page(&self, page: u8) -> Option<u8> {
        small((*self.pages.get(usize::from(page))?)?)
    }

    /// What is known, in the numbers of the other form; nothing when it cannot say that.
    pub fn knowledge(&self, known: &Knowledge, new: &Dialogue) -> Option<Knowledge> {
        let mut out = new.nothing_known();
        for fact in 0..self.facts.len() {
            let here = known.get(fact);
            if here.is_open() {
                continue;
            }
            let bits = |set: Options| {
                let on = (0..self.options[fact].len() as u8).filter(|o| set & (1 << o) != 0);
                on.map(|o| Some(1 << self.option(fact, o)?.1))
                    .try_fold(0, |sum: Options, bit: Option<Options>| Some(sum | bit?))
            };
            let there = Known {
                on: bits(here.on)?,
                // That somebody has not what nobody can have any more says nothing.
                off: (0..self.options[fact].len() as u8)
                    .filter(|o| here.off & (1 << o) != 0)
                    .filter_map(|o| self.option(fact, o))
                    .fold(0, |sum, (_, o)| sum | 1 << o),
            };
            out.set(self.fact(fact)?, there);
        }
        Some(out)
    }
}

/// What an answer says, whatever its label.
#[derive(Debug, PartialEq, Eq)]
struct Meaning<'a> {
    sets: Vec<(FactId, u8)>,
    unanswered: bool,
    then: Option<ScreenId>,
    lasts: bool,
    /// Of one that stores nothing, what it does.
    does: Option<Does<'a>>,
}

/// What an answer does that stores nothing.
#[derive(Debug, PartialEq, Eq)]
struct Does<'a> {
    act: Option<Act>,
    also: Option<Act>,
    reply: Option<&'a str>,
    page: bool,
    recheck: bool,
}

impl Meaning<'_> {
    fn of(item: &Item) -> Meaning<'_> {
        let mut sets = item.sets.clone();
        sets.sort_unstable();
        let says_nothing = sets.is_empty() && item.then.is_none();
        let does = || Does {
            act: item.act,
            also: item.also,
            reply: item.reply.as_deref(),
            page: item.page.is_some(),
            recheck: item.recheck.is_some(),
        };
        Meaning {
            sets,
            unanswered: item.unanswered,
            then: item.then,
            lasts: item.lasts,
            does: says_nothing.then(does),
        }
    }
}

/// The number of the element with this id, or else of the one that had it before.
fn named<'a>(
    id: &str,
    all: impl Iterator<Item = (&'a String, &'a [String])> + Clone,
) -> Option<usize> {
    let mut living = all.clone();
    let mut former = all;
    living
        .position(|(now, _)| now == id)
        .or_else(|| former.position(|(_, was)| was.iter().any(|w| w == id)))
}

fn pages(old: &Dialogue, new: &Dialogue) -> Vec<Option<usize>> {
    let ids = |d: &Dialogue| -> Vec<String> {
        let pages = d.pages.iter().map(|p| format!("page {}", p.id));
        let cards = d.cards.iter().filter(|c| c.when.is_none());
        let cards = cards.map(|c| format!("card {}", c.id));
        pages.chain(["cards".to_owned()]).chain(cards).collect()
    };
    let there = ids(new);
    let place = |id: &String| there.iter().position(|t| t == id);
    ids(old).iter().map(place).collect()
}

fn small(n: usize) -> Option<u8> {
    u8::try_from(n).ok()
}
