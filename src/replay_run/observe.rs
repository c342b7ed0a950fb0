//! What a turn did, and a channel that remembers what was sent.

use super::*;

pub(super) fn seen(view: &View) -> Seen {
    Seen::new(
        &view.text,
        view.rows
            .iter()
            .map(|r| r.iter().map(|b| b.label.clone()).collect()),
    )
}

pub(super) fn told_index(d: &Dialogue, session: &Session) -> Option<usize> {
    State::of(d, session).told.map(|t| t.index)
}

/// The id of what the question message shows.
pub(super) fn asks(d: &Dialogue, session: &Session) -> String {
    let state = State::of(d, session);
    let open = || match place(d, &state) {
        Place::Asking(_) | Place::Complete if state.came_back == Some(true) => {
            "anything_new_day".to_owned()
        }
        Place::Asking(_) | Place::Complete if state.came_back == Some(false) => {
            "anything_new".to_owned()
        }
        Place::Asking(screen) => d.screens[screen].id.clone(),
        Place::Plan => match session.page {
            Some((page, _)) => d
                .pages
                .get(usize::from(page))
                .map_or_else(|| "cards".to_owned(), |p| p.id.clone()),
            None => "plan".into(),
        },
        Place::Welcome => d.screens[0].id.clone(),
        Place::Told | Place::Complete => "nothing".into(),
    };
    let fact = |f: u8| {
        d.facts
            .get(usize::from(f))
            .map_or("?", |f| f.id.as_str())
            .to_owned()
    };
    match &session.aside {
        Aside::None => open(),
        Aside::Which => "not_sure_which".into(),
        Aside::Explain { fact: f } => format!("explain_{}", fact(*f)),
        Aside::Words { fact: f, .. } => format!("words_{}", fact(*f)),
        Aside::Crisis => "crisis_words".into(),
        Aside::Mistake => "by_mistake".into(),
        Aside::Took { .. } => "text_understood".into(),
        Aside::Country => "country".into(),
        Aside::CountryName => "country_other".into(),
        Aside::Change { .. } => "change_ask".into(),
        Aside::Message(id) => id.clone(),
        Aside::Note(id) => format!("{id}_{}", open()),
        Aside::Time => "time_now".into(),
        Aside::TimeTyped => "time_other".into(),
        Aside::TimeBad => "time_bad".into(),
        Aside::Zones(_) => "time_which".into(),
        Aside::Quiet => "quiet_hours".into(),
        Aside::QuietTyped { bad: false } => "quiet_other".into(),
        Aside::QuietTyped { bad: true } => "quiet_bad".into(),
        Aside::Reminders => "reminders".into(),
        Aside::Pause => "pause_ask".into(),
    }
}

/// A channel that remembers what was sent.
#[derive(Default)]
pub(super) struct Remembering {
    inner: Mutex<Remembered>,
}

#[derive(Default)]
pub(super) struct Remembered {
    chat: Chat,
    new: Vec<(i64, View)>,
    last: i64,
}

impl Remembering {
    pub(super) fn find(&self, label: &str, how: How) -> Result<(i64, String), String> {
        let inner = self.inner.lock().unwrap_or_else(|e| e.into_inner());
        inner
            .chat
            .press(label, how)
            .map(|(m, data)| (m, data.to_owned()))
            .map_err(|e| e.to_string())
    }

    pub(super) fn take_new(&self) -> Vec<(i64, View)> {
        std::mem::take(&mut self.inner.lock().unwrap_or_else(|e| e.into_inner()).new)
    }
}

pub(super) fn buttons(view: &View) -> Vec<(String, String)> {
    view.buttons()
        .map(|b| (b.label.clone(), b.data.clone()))
        .collect()
}

#[async_trait]
impl Channel for Remembering {
    async fn send(&self, _: Person, view: &View) -> Result<i64, SendError> {
        let mut inner = self.inner.lock().unwrap_or_else(|e| e.into_inner());
        inner.last += 1;
        let id = inner.last;
        inner.chat.shows(id, buttons(view));
        inner.new.push((id, view.clone()));
        Ok(id)
    }

    async fn edit(&self, _: Person, message: i64, view: &View) -> Result<(), SendError> {
        let mut inner = self.inner.lock().unwrap_or_else(|e| e.into_inner());
        inner.chat.shows(message, buttons(view));
        Ok(())
    }

    async fn file(&self, person: Person, name: &str, content: &str) -> Result<i64, SendError> {
        let lines = content.lines().count();
        let view = View {
            text: format!("(file {name}, {lines} lines)"),
            rows: Vec::new(),
        };
        self.send(person, &view).await
    }

    async fn photo(
        &self,
        person: Person,
        name: &str,
        _: &[u8],
        caption: &str,
    ) -> Result<i64, SendError> {
        let text = format!("(picture {name})\n{caption}");
        let text = text.trim_end().to_owned();
        let rows = Vec::new();
        self.send(person, &View { text, rows }).await
    }
}
