//! What typed words do: danger first, then an answer, then a kind word.

use super::*;

impl Turn<'_> {
    /// A message over the open question.
    pub(super) fn note(&mut self, id: &str) {
        self.s.aside = Aside::Note(id.to_owned());
    }

    pub(super) fn text(&mut self, text: &str, state: &State) {
        self.fresh = true;
        let screen = match route::place(self.d, state) {
            Place::Asking(screen) => Some(screen),
            _ => None,
        };
        let mut dangers = text_answer::dangers(self.d, text)
            .into_iter()
            .filter_map(|d| match d {
                Danger::Crisis => Some(Aside::Crisis),
                Danger::Emergency { .. } if self.is_told_emergency(state) => None,
                Danger::Emergency { fact, words } => Some(Aside::Words {
                    fact: fact as u8,
                    words,
                }),
            });
        if let Some(first) = dangers.next() {
            let others: Vec<Aside> = dangers.collect();
            return self.ask_of_danger(first, others);
        }
        if text_answer::is_among(text, &self.d.common.stop) {
            return self.command(Command::Stop);
        }
        if self.s.aside == Aside::CountryName {
            let named = plain_text::can_be_an_answer(text).then(|| self.d.numbers.named(text));
            match named.flatten() {
                Some(c) => {
                    self.s.country = Some(c.code.clone());
                    self.s.aside = Aside::None;
                }
                None => self.message("country_unknown_name"),
            }
            return;
        }
        match self.s.aside {
            Aside::Time | Aside::TimeTyped | Aside::TimeBad | Aside::Zones(_) => {
                return self.typed_time(text);
            }
            Aside::Quiet | Aside::QuietTyped { .. } => return self.typed_quiet(text),
            _ => {}
        }
        let article = text_answer::looks_like_an_article(self.d, text);
        let waiting =
            !matches!(self.s.aside, Aside::None | Aside::Note(_)) || state.came_back.is_some();
        let screen = match screen {
            Some(screen) if !waiting && !article => screen,
            _ => return self.text_beside_a_screen(text, state, article),
        };
        let words = words::words(self.d, &self.s, state);
        let typed = text_answer::typed(self.d, &self.s, state, screen, text, &words);
        drop(words);
        match typed {
            Some(Typed::Item(item)) => {
                let wish = match self.d.screens[screen].kind {
                    ScreenKind::Any => Wish::Tick(item),
                    _ => Wish::Answer(item),
                };
                self.answer(state, screen, &wish);
            }
            Some(Typed::Perhaps(item)) => self.s.aside = Aside::Took { item },
            Some(Typed::Finish) => self.answer(state, screen, &Wish::Finish),
            Some(Typed::NotSure) => self.answer(state, screen, &Wish::NotSure),
            Some(Typed::Back) => self.act(Act::Back),
            None => self.note("unknown_text"),
        }
    }

    /// Ask about every danger that was named, one after the other. One that is being asked stays.
    pub(super) fn ask_of_danger(&mut self, first: Aside, others: Vec<Aside>) {
        if !self.asks_of_danger() {
            self.s.aside = first;
        } else if first == Aside::Crisis && self.s.aside != first {
            self.s.waiting.retain(|w| *w != Aside::Crisis);
            self.s.waiting.insert(0, first);
        } else if self.s.aside != first && !self.s.waiting.contains(&first) {
            self.s.waiting.push(first);
        }
        let shown = self.s.aside.clone();
        self.s.waiting.retain(|w| *w != shown);
        for other in others {
            if self.s.aside != other && !self.s.waiting.contains(&other) {
                self.s.waiting.push(other);
            }
        }
    }

    /// Words while no question of the triage waits for them: they may name a button, or start.
    pub(super) fn text_beside_a_screen(&mut self, text: &str, state: &State, article: bool) {
        let shown = view::view(self.d, &self.s, self.now);
        let named = shown
            .as_ref()
            .and_then(|v| text_answer::button(self.d, v, text));
        if let Some(press) = named {
            return self.press(&press, state);
        }
        // A question that stands over the open one waits for its answer: it is shown again. A
        // message that only tells something gives way.
        if !matches!(
            self.s.aside,
            Aside::None | Aside::Note(_) | Aside::Message(_)
        ) {
            return;
        }
        self.put_by();
        match route::place(self.d, state) {
            Place::Welcome if article => self.aside("own_back"),
            Place::Told => self.aside("help"),
            Place::Plan | Place::Asking(_) => self.note("unknown_text"),
            Place::Welcome | Place::Complete => {}
        }
    }

    /// An edited message answers nothing, but it may name a danger.
    pub(super) fn edited(&mut self, text: &str, state: &State) {
        if !text_answer::dangers(self.d, text).is_empty() {
            self.text(text, state);
        } else {
            self.fresh = true;
            if !self.asks_of_danger() {
                self.note("unknown_media");
            }
        }
    }

    pub(super) fn is_told_emergency(&self, state: &State) -> bool {
        !state.open
            && state
                .told
                .is_some_and(|t| t.disposition == Disposition::Emergency)
    }
}
