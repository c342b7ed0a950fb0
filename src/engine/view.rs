//! What the person sees: the open question with its buttons, and every other message.
//!
//! Pure: the same session gives the same view, so repeating an edit is harmless.

use jiff::Timestamp;

use super::effect::{Button, Owed, View};
use super::fold::{State, answer_behind};
use super::press::{Press, Wish};
use super::route::{self, Place, is_offered};
use super::session::{Aside, Session, What};
use super::verdict;
use super::words::{round_words, words};
use crate::dialogue::{Act, Dialogue, Element, FactId, Item, ScreenId, ScreenKind, Words};
use crate::plan::{self, ClockState};

/// Labels up to this length stand two in a row on a narrow phone.
const HALF_ROW: usize = 20;

/// Parts of a list or page are at most this long.
const PAGE_LIMIT: usize = 700;

/// The question message as it should be now; nothing while no question is open.
pub fn view(d: &Dialogue, session: &Session, now: Timestamp) -> Option<View> {
    let state = State::of(d, session);
    let words = words(d, session, &state);
    aside_view(d, session, &state, &words, now)
}

fn aside_view(d: &Dialogue, session: &Session, state: &State, words: &Words, now: Timestamp) -> Option<View> {
    let press = |wish: Wish| Press { visit: state.visit, wish }.to_string();
    let button = |label: &str, wish: Wish| Button { label: label.to_owned(), data: press(wish) };
    let labels = &d.common.buttons;
    let say = |id: &str, words: &Words| d.messages.get(id).map(|m| m.text.fill(words)).unwrap_or_default();
    match &session.aside {
        Aside::None => place_view(d, session, state, words, now),
        Aside::Which => {
            let Place::Asking(screen) = route::place(d, state) else {
                return place_view(d, session, state, words, now);
            };
            let mut rows: Vec<Button> = unsure_items(d, state, screen)
                .into_iter()
                .map(|(fact, item)| button(&label(d, session, state, words, item), Wish::Explain(fact as u8)))
                .collect();
            rows.push(button(&labels.back, Wish::Act(Act::CarryOn)));
            Some(View { text: say("not_sure_which", words), rows: button_rows(rows) })
        }
        Aside::Explain { fact } => {
            let explain = d.facts.get(usize::from(*fact))?.explain.as_ref()?;
            let buttons =
                explain.answers.iter().map(|(l, o)| button(&l.fill(words), Wish::Explained(*fact, *o))).collect();
            Some(View { text: explain.ask.fill(words), rows: singles(buttons) })
        }
        Aside::Words { fact, words: typed } => {
            let f = d.facts.get(usize::from(*fact))?;
            let question = plain_question(d, usize::from(*fact), words);
            let own = words.clone().with("words", typed.as_str()).with("plain_question", question);
            let buttons = match &f.explain {
                Some(e) => e.answers.iter().map(|(l, o)| button(&l.fill(words), Wish::Asked(*fact, *o))).collect(),
                None => f
                    .options
                    .iter()
                    .enumerate()
                    .map(|(o, option)| button(&option.label.fill(words), Wish::Asked(*fact, o as u8)))
                    .collect(),
            };
            Some(View { text: say("emergency_words", &own), rows: singles(buttons) })
        }
        Aside::Mistake => {
            let question = match answer_behind(d, session) {
                Some(What::Explained { fact, .. } | What::Asked { fact, .. }) => {
                    plain_question(d, usize::from(fact), words)
                }
                Some(What::Ticked { screen, item } | What::Answered { screen, item }) => {
                    let item = d.screens.get(usize::from(screen))?.items.get(usize::from(item))?;
                    match item.sets.as_slice() {
                        [(fact, _)] if d.facts[*fact].explain.is_some() => plain_question(d, *fact, words),
                        _ => say("by_mistake_other", &words.clone().with("label", label(d, session, state, words, item))),
                    }
                }
                _ => say("by_mistake_other", &words.clone().with("label", labels.done.clone())),
            };
            let own = words.clone().with("plain_question", question);
            Some(message_view(d, session, state, &own, "by_mistake"))
        }
        Aside::Took { item } => {
            let Place::Asking(screen) = route::place(d, state) else {
                return place_view(d, session, state, words, now);
            };
            let taken = d.screens[screen].items.get(usize::from(*item))?;
            let own = words.clone().with("label", label(d, session, state, words, taken));
            let rows = vec![
                button(&labels.yes, Wish::Confirm(*item)),
                button(&labels.no, Wish::Act(Act::CarryOn)),
            ];
            Some(View { text: say("text_understood", &own), rows: button_rows(rows) })
        }
        Aside::Country => {
            let guesses = &d.common.country_guesses;
            let language = session.language.as_deref().unwrap_or("");
            let own = guesses.get(language.split('-').next().unwrap_or("")).or_else(|| guesses.get("default"));
            let mut rows: Vec<Button> = own
                .into_iter()
                .flatten()
                .filter_map(|code| d.numbers.country(code))
                .map(|c| button(&c.name, Wish::Country(c.code.clone())))
                .collect();
            rows.push(button(&labels.another_country, Wish::Act(Act::CountryOther)));
            rows.push(button(&labels.no_country, Wish::Act(Act::CountryNone)));
            Some(View { text: say("country", words), rows: button_rows(rows) })
        }
        Aside::CountryName => {
            let rows = vec![button(&labels.no_country, Wish::Act(Act::CountryNone))];
            Some(View { text: say("country_other", words), rows: button_rows(rows) })
        }
        Aside::Change { part } => {
            let answered = answered_screens(d, state);
            let per_part = 8;
            let start = usize::from(*part) * per_part;
            let mut rows: Vec<Button> = answered
                .iter()
                .skip(start)
                .take(per_part)
                .map(|&s| button(&short(&d.screens[s].ask.fill(words)), Wish::Reopen(s as u16)))
                .collect();
            if answered.len() > start + per_part {
                rows.push(button(&labels.more, Wish::ChangePart(part + 1)));
            }
            rows.push(button(&labels.back, Wish::Act(Act::CarryOn)));
            Some(View { text: say("change_ask", words), rows: singles(rows) })
        }
        Aside::Crisis => Some(message_view(d, session, state, words, "crisis_words")),
        Aside::Message(id) => {
            let mut own = words.clone();
            round_words(d, session, state, now, &mut own);
            why_words(d, state, &mut own);
            Some(message_view(d, session, state, &own, id))
        }
        Aside::Note(id) => {
            let note = say(id, words);
            match place_view(d, session, state, words, now) {
                Some(v) => Some(View { text: format!("{note}\n\n{}", v.text), rows: v.rows }),
                None => Some(message_view(d, session, state, words, id)),
            }
        }
    }
}

fn place_view(d: &Dialogue, session: &Session, state: &State, words: &Words, now: Timestamp) -> Option<View> {
    match route::place(d, state) {
        Place::Welcome if session.log.is_empty() || !state.open => {
            if state.told.is_some() { None } else { Some(screen_view(d, session, state, words, 0)) }
        }
        Place::Asking(_) | Place::Complete if state.came_back == Some(true) => {
            Some(message_view(d, session, state, words, "anything_new_day"))
        }
        Place::Asking(_) | Place::Complete if state.came_back == Some(false) => {
            Some(message_view(d, session, state, words, "anything_new"))
        }
        Place::Asking(screen) => Some(screen_view(d, session, state, words, screen)),
        Place::Plan => Some(plan_view(d, session, state, words, now)),
        Place::Welcome | Place::Complete | Place::Told => None,
    }
}

/// One screen: phase line, question, answers.
fn screen_view(d: &Dialogue, session: &Session, state: &State, words: &Words, screen: ScreenId) -> View {
    let s = &d.screens[screen];
    let press = |wish: Wish| Press { visit: state.visit, wish }.to_string();
    let button = |label: &str, wish: Wish| Button { label: label.to_owned(), data: press(wish) };
    let labels = &d.common.buttons;
    let mut answers = Vec::new();
    for (n, item) in s.items.iter().enumerate() {
        if !is_offered(d, state, screen, item) {
            continue;
        }
        let n = n as u8;
        let text = label(d, session, state, words, item);
        answers.push(match (item.act, s.kind) {
            (Some(act), _) => button(&text, Wish::Act(act)),
            (None, ScreenKind::Any) if state.is_ticked(screen, n) => {
                button(&format!("✓ {text}"), Wish::Untick(n))
            }
            (None, ScreenKind::Any) if is_unsure(d, state, item) => button(&format!("{text} ?"), Wish::Tick(n)),
            (None, ScreenKind::Any) => button(&text, Wish::Tick(n)),
            (None, _) => button(&text, Wish::Answer(n)),
        });
    }
    let mut rows = if s.kind == ScreenKind::Number { grid(answers) } else { button_rows(answers) };
    if s.kind == ScreenKind::Any {
        let any = state.has_ticks(screen) || s.not_sure.iter().any(|f| is_unsure_fact(d, state, *f));
        if any {
            rows.push(vec![button(&labels.done, Wish::Finish)]);
        } else if !s.at_least_one {
            rows.push(vec![button(&labels.none, Wish::Finish)]);
        }
    }
    let mut last = Vec::new();
    if !unsure_items(d, state, screen).is_empty() {
        last.push(button(&labels.not_sure, Wish::NotSure));
    }
    if s.skip {
        last.push(button(&labels.skip, Wish::Skip));
    }
    if state.began && !state.done.iter().all(|s| *s == 0) {
        last.push(button(&labels.back, Wish::Act(Act::Back)));
    }
    rows.extend(button_rows(last));
    let mut text = String::new();
    let title = &d.phases[s.phase].title;
    if !title.is_empty() {
        let (at, of) = progress(d, state, screen);
        text.push_str(&format!("{title} · {at} of {of}\n"));
    }
    text.push_str(&s.ask.fill(words));
    if let Some(before) = &state.before {
        let old = before_labels(d, session, state, words, screen, before);
        if !old.is_empty() {
            text.push_str(&format!("\n(Before: {})", old.join(", ")));
        }
    }
    View { text, rows }
}

/// What was answered here before the danger signs were asked again.
fn before_labels(
    d: &Dialogue,
    session: &Session,
    state: &State,
    words: &Words,
    screen: ScreenId,
    before: &crate::dialogue::Knowledge,
) -> Vec<String> {
    d.screens[screen]
        .items
        .iter()
        .filter(|i| {
            !i.sets.is_empty()
                && i.sets.iter().all(|(f, o)| before.get(*f).on & (1 << o) != 0)
        })
        .map(|i| label(d, session, state, words, i))
        .collect()
}

/// The place of a screen among those asked and still to be asked in its part of the talk.
fn progress(d: &Dialogue, state: &State, screen: ScreenId) -> (usize, usize) {
    let after = d.phases[d.screens[screen].phase].after_verdict;
    let full = d.completed(&state.known);
    let counts = |id: &ScreenId| *id != 0 && d.phases[d.screens[*id].phase].after_verdict == after;
    let done = state.done.iter().filter(|id| counts(id)).count();
    let open = (0..d.screens.len())
        .filter(|id| counts(id) && !state.done.contains(id))
        .filter(|&id| id == screen || (!d.screens[id].opened && d.holds(&d.screens[id].when, &full, state.disposition())))
        .count();
    (done + 1, done + open)
}

/// The facts of a screen that can be explained and are not ticked, each with its item.
fn unsure_items<'a>(d: &'a Dialogue, state: &State, screen: ScreenId) -> Vec<(FactId, &'a Item)> {
    let s = &d.screens[screen];
    s.not_sure
        .iter()
        .filter_map(|&fact| {
            let (n, item) = s.items.iter().enumerate().find(|(_, i)| item_is_about(d, i, fact))?;
            let open = !state.is_ticked(screen, n as u8)
                && is_offered(d, state, screen, item)
                && d.facts[fact].explain.is_some();
            open.then_some((fact, item))
        })
        .collect()
}

fn item_is_about(d: &Dialogue, item: &Item, fact: FactId) -> bool {
    item.sets.first().is_some_and(|(f, _)| *f == fact)
        || (item.sets.is_empty()
            && item.then.is_some_and(|t| d.screens[t].items.iter().any(|i| i.sets.iter().any(|(f, _)| *f == fact))))
}

fn is_unsure(d: &Dialogue, state: &State, item: &Item) -> bool {
    let detail = item.then.into_iter().flat_map(|t| &d.screens[t].items).flat_map(|i| &i.sets);
    item.sets.iter().chain(detail).any(|(f, _)| is_unsure_fact(d, state, *f))
}

fn is_unsure_fact(d: &Dialogue, state: &State, fact: FactId) -> bool {
    let known = state.known.get(fact);
    known.option().is_some_and(|o| d.facts[fact].options[usize::from(o)].id == "unsure")
}

/// The question of a fact asked by itself.
fn plain_question(d: &Dialogue, fact: FactId, words: &Words) -> String {
    match &d.facts[fact].explain {
        Some(e) => e.ask.fill(words),
        None => d.facts[fact].question.fill(words),
    }
}

/// The label of an item for this person.
pub fn label(d: &Dialogue, session: &Session, state: &State, words: &Words, item: &Item) -> String {
    let full = d.completed(&state.known);
    let other = d.voices.iter().any(|(_, when)| d.holds(when, &full, None));
    let fahrenheit = session.country.as_ref().is_some_and(|c| d.common.fahrenheit.contains(c));
    match (&item.about_other, &item.in_fahrenheit) {
        (Some(t), _) if other => t.fill(words),
        (_, Some(t)) if fahrenheit => t.fill(words),
        _ => item.label.fill(words),
    }
}

/// A message of the files as a view.
pub fn message_view(d: &Dialogue, session: &Session, state: &State, words: &Words, id: &str) -> View {
    let Some(message) = d.messages.get(id) else { return View::default() };
    let rows = message.buttons.iter().map(|i| row_for(d, session, state, words, i)).collect();
    View { text: message.text.fill(words), rows: button_rows(rows) }
}

/// The button of an item of a message or verdict.
pub fn row_for(d: &Dialogue, session: &Session, state: &State, words: &Words, item: &Item) -> Button {
    let wish = match (item.sets.first(), &item.act, &item.reply, item.page) {
        (Some((f, o)), _, Some(reply), _) => Wish::AskedThen(*f as u8, *o, reply.clone()),
        (Some((f, o)), _, None, _) => Wish::Asked(*f as u8, *o),
        (None, Some(act), _, _) => Wish::Act(*act),
        (None, None, Some(reply), _) => Wish::Reply(reply.clone()),
        (None, None, None, Some(page)) => Wish::Page(page as u8, 0),
        (None, None, None, None) => Wish::Act(Act::CarryOn),
    };
    Button {
        label: label(d, session, state, words, item),
        data: Press { visit: state.visit, wish }.to_string(),
    }
}

/// The plan, at the page that is open.
fn plan_view(d: &Dialogue, session: &Session, state: &State, words: &Words, now: Timestamp) -> View {
    let press = |wish: Wish| Press { visit: state.visit, wish }.to_string();
    let button = |label: &str, wish: Wish| Button { label: label.to_owned(), data: press(wish) };
    let labels = &d.common.buttons;
    let page_buttons = || -> Vec<Button> {
        d.pages
            .iter()
            .enumerate()
            .filter(|(n, _)| !plan::lines(d, state, *n, now).is_empty())
            .map(|(n, p)| button(&p.button, Wish::Page(n as u8, 0)))
            .collect()
    };
    if let Some((page, part)) = session.page {
        let open = open_page(d, state, words, usize::from(page), now);
        let text = open.parts.get(usize::from(part)).or(open.parts.first()).cloned().unwrap_or_default();
        let mut rows: Vec<Button> =
            open.more.into_iter().map(|(label, page)| button(&label, Wish::Page(page as u8, 0))).collect();
        if usize::from(part) + 1 < open.parts.len() {
            rows.push(button(&labels.more, Wish::Page(page, part + 1)));
        }
        let back = open.back.map_or(Wish::Act(Act::Plan), |page| Wish::Page(page as u8, 0));
        rows.push(button(&labels.back, back));
        return View { text: format!("{}\n\n{text}", open.title).trim_end().to_owned(), rows: button_rows(rows) };
    }
    let packs = plan::packs(d, session, state, now);
    let (firing, out) = plan::gates(d, state);
    let own_reasons = |elements: &[Element]| {
        let mut says: Vec<String> = firing
            .iter()
            .filter(|&&g| d.gates[g].leaves_out.iter().any(|e| elements.contains(e)))
            .map(|&g| d.gates[g].say.fill(words))
            .collect();
        says.dedup();
        says.join(" ")
    };
    let say = |id: &str, words: &Words| d.messages.get(id).map(|m| m.text.fill(words)).unwrap_or_default();
    let pack_line = match packs.state {
        ClockState::Ice => say("pack_line_ice", words),
        ClockState::Choose | ClockState::EarlyHeat => say("pack_line_choose", words),
        ClockState::Heat => say("pack_line_heat", words),
        ClockState::Neither if packs.skin_wrong => say("pack_line_skin", words),
        ClockState::Neither => say(
            "pack_line_none",
            &words.clone().with("gate_reason", own_reasons(&[Element::Ice, Element::Heat])),
        ),
    };
    let pack_line = if packs.state == ClockState::EarlyHeat { say("pack_line_heat", words) } else { pack_line };
    let mut text = String::new();
    let disposition = state.disposition().unwrap_or(crate::dialogue::Disposition::SelfCare);
    let cards = crate::assess::cards(d, &d.completed(&state.known), disposition);
    if !cards.is_empty() {
        text.push_str(&say("card_head", words));
        for c in cards {
            text.push_str(&format!("\n• {}: {}", d.cards[c].title, d.cards[c].text.fill(words)));
        }
        text.push_str("\n\n");
    }
    text.push_str(&say("plan_first", &words.clone().with("pack_line", pack_line)));
    if out.contains(&Element::NsaidAdvice) || out.contains(&Element::ParacetamolAdvice) {
        let gate = own_reasons(&[Element::NsaidAdvice, Element::ParacetamolAdvice]);
        text.push_str(&format!("\n{}", say("no_tablets_line", &words.clone().with("gate_text", gate))));
    }
    let mut rows = Vec::new();
    let on = matches!(super::rounds::fold(d, session, state).state, super::rounds::RoundState::On { .. });
    for (pack, allowed, wish, label) in [
        (super::session::Pack::Ice, packs.ice, Act::StartIce, &labels.start_ice),
        (super::session::Pack::Heat, packs.heat, Act::StartHeat, &labels.start_heat),
    ] {
        if allowed && !on {
            let minutes = super::rounds::on_minutes(d, state, pack).to_string();
            rows.push(button(&label.replace("{ $minutes }", &minutes), Wish::Act(wish)));
        }
    }
    rows.extend(page_buttons());
    if d.cards.iter().any(|c| c.when.is_none()) {
        rows.push(button(&labels.cards, Wish::Page(d.pages.len() as u8, 0)));
    }
    rows.push(button(&plan_worse(d, words), Wish::Act(Act::FeelsWorse)));
    View { text, rows: button_rows(rows) }
}

fn plan_worse(d: &Dialogue, words: &Words) -> String {
    d.messages
        .get("plan_first")
        .and_then(|m| m.buttons.iter().find(|b| b.act == Some(Act::FeelsWorse)))
        .map_or_else(|| "Something feels worse".into(), |b| b.label.fill(words))
}

/// A page of the plan, the list of education cards, or one of these cards.
struct OpenPage {
    title: String,
    parts: Vec<String>,
    /// Pages it leads to, by label and number.
    more: Vec<(String, usize)>,
    /// The page it goes back to, when not the plan.
    back: Option<usize>,
}

/// The page of this number: the plan's own, then the list of education cards, then each card.
fn open_page(d: &Dialogue, state: &State, words: &Words, page: usize, now: Timestamp) -> OpenPage {
    let menu = d.pages.len();
    let cards: Vec<_> = d.cards.iter().filter(|c| c.when.is_none()).collect();
    if let Some(own) = d.pages.get(page) {
        let lines = plan::lines(d, state, page, now).into_iter().map(|l| format!("• {}", l.say.fill(words)));
        return OpenPage { title: own.title.clone(), parts: parts(lines), more: Vec::new(), back: None };
    }
    if let Some(card) = page.checked_sub(menu + 1).and_then(|n| cards.get(n)) {
        let text = card.text.fill(words);
        let sentences = text.split_inclusive(". ").map(str::to_owned).collect::<Vec<_>>();
        return OpenPage { title: card.title.clone(), parts: joined(sentences, ""), more: Vec::new(), back: Some(menu) };
    }
    OpenPage {
        title: d.common.buttons.cards.clone(),
        parts: Vec::new(),
        more: cards.iter().enumerate().map(|(n, c)| (c.title.clone(), menu + 1 + n)).collect(),
        back: None,
    }
}

/// How many pages a plan has, with the list of cards and each card.
pub fn page_count(d: &Dialogue) -> usize {
    d.pages.len() + 1 + d.cards.iter().filter(|c| c.when.is_none()).count()
}

/// Lines, cut into parts that fit a phone.
fn parts(lines: impl IntoIterator<Item = String>) -> Vec<String> {
    joined(lines, "\n")
}

fn joined(pieces: impl IntoIterator<Item = String>, between: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for piece in pieces {
        match parts.last_mut() {
            Some(last) if last.chars().count() + piece.chars().count() < PAGE_LIMIT => {
                last.push_str(between);
                last.push_str(&piece);
            }
            _ => parts.push(piece),
        }
    }
    parts
}

/// The question whose "why" is asked: the reason for each of its facts, in the order of its items.
fn why_words(d: &Dialogue, state: &State, words: &mut Words) {
    let Place::Asking(screen) = route::place(d, state) else { return };
    let s = &d.screens[screen];
    let mut facts: Vec<FactId> = Vec::new();
    for item in &s.items {
        let own = item.sets.iter().chain(item.then.iter().flat_map(|t| d.screens[*t].items.iter().flat_map(|i| &i.sets)));
        for (f, _) in own.take(1) {
            if !facts.contains(f) {
                facts.push(*f);
            }
        }
    }
    let mut why: Vec<String> = Vec::new();
    for &f in &facts {
        let reason = d.facts[f].why.fill(words);
        why.push(if facts.len() == 1 { reason } else { format!("\n• {}: {reason}", d.facts[f].name) });
    }
    words.set("why", why.concat());
    words.set("source", verdict::published(d, facts.iter().flat_map(|f| &d.facts[*f].source)));
}

/// A new message that is owed, as it is sent now.
pub fn render(d: &Dialogue, session: &Session, owed: &Owed, now: Timestamp) -> View {
    let state = State::of(d, session);
    let words = words(d, session, &state);
    match owed {
        Owed::Verdict { event } => verdict::verdict(d, session, usize::from(*event)),
        Owed::Message { id, about_ms } => {
            let at = about_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(now);
            let mut own = words;
            round_words(d, session, &state, at, &mut own);
            message_view(d, session, &state, &own, id)
        }
        Owed::Summary => View { text: verdict::summary(d, session, &state, now), rows: change_row(d, &state) },
        Owed::WhyVerdict => View { text: verdict::why(d, session, &state), rows: Vec::new() },
        Owed::Export => View { text: verdict::summary(d, session, &state, now), rows: Vec::new() },
        Owed::Folded => folded(d, session, &state),
    }
}

fn change_row(d: &Dialogue, state: &State) -> Vec<Vec<Button>> {
    if answered_screens(d, state).is_empty() {
        return Vec::new();
    }
    let label = d.common.buttons.change.clone();
    vec![vec![Button { label, data: Press { visit: state.visit, wish: Wish::Act(Act::Change) }.to_string() }]]
}

/// What an answered question message folds into: the answers given so far.
pub fn folded(d: &Dialogue, session: &Session, state: &State) -> View {
    let words = words(d, session, state);
    let mut said = Vec::new();
    for (id, screen) in d.screens.iter().enumerate() {
        for (n, item) in screen.items.iter().enumerate() {
            let chosen = match screen.kind {
                ScreenKind::Any => state.is_ticked(id, n as u8),
                _ => state.done.contains(&id) && id != 0 && !item.sets.is_empty() && item.sets.iter().all(|(f, o)| state.known.get(*f).on & (1 << o) != 0),
            };
            if chosen {
                let text = label(d, session, state, &words, item);
                said.push(if screen.kind == ScreenKind::Number { format!("{text} of 10") } else { text });
            }
        }
    }
    let answers = if said.is_empty() { "none".to_owned() } else { said.join(" · ") };
    let text = d
        .messages
        .get("folded")
        .map(|m| m.text.fill(&words.clone().with("answers", answers)))
        .unwrap_or_default();
    View { text, rows: Vec::new() }
}

/// The screens whose answers can be changed, in order.
pub fn answered_screens(d: &Dialogue, state: &State) -> Vec<ScreenId> {
    state.done.iter().copied().filter(|&s| s != 0 && !d.screens[s].opened).collect()
}

fn short(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    let mut out: String = line.chars().take(40).collect();
    if line.chars().count() > 40 {
        out.push('…');
    }
    out
}

/// Two short labels beside each other, longer ones alone.
pub fn button_rows(buttons: Vec<Button>) -> Vec<Vec<Button>> {
    let mut rows: Vec<Vec<Button>> = Vec::new();
    for b in buttons {
        let fits = b.label.chars().count() <= HALF_ROW;
        match rows.last_mut() {
            Some(row) if fits && row.len() == 1 && row[0].label.chars().count() <= HALF_ROW => row.push(b),
            _ => rows.push(vec![b]),
        }
    }
    rows
}

fn singles(buttons: Vec<Button>) -> Vec<Vec<Button>> {
    buttons.into_iter().map(|b| vec![b]).collect()
}

/// Numbers, six a row.
fn grid(buttons: Vec<Button>) -> Vec<Vec<Button>> {
    buttons.chunks(6).map(<[Button]>::to_vec).collect()
}
