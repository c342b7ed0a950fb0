//! What the fuzz targets share: the shipped dialogue, conversations at many points, and a way to
//! go on from any session. `scripts/fuzz` runs the targets.

pub mod seeds;

use std::sync::LazyLock;

use backtalk::answerer;
use backtalk::dialogue::{Act, Dialogue, load};
use backtalk::engine::{self, Command, Input, Press, Session, State, Wish, export, timers, view};
use backtalk::vignettes::{self, VignetteFile};
use jiff::Timestamp;

/// The dialogue built into the program.
pub static DIALOGUE: LazyLock<Dialogue> = LazyLock::new(|| {
    load::load(&backtalk::shipped::built_in(), NAME).expect("the shipped dialogue loads")
});

/// The name of that dialogue.
pub const NAME: &str = "back_spasm";

/// When everything happens: 2026-03-02 21:40 in London.
pub const NOW: Timestamp = Timestamp::constant(1_772_487_600, 0);

/// Conversations at many points: before and after each tap of a few vignettes, and in an ice round.
pub static SESSIONS: LazyLock<Vec<Session>> = LazyLock::new(|| {
    let d = &*DIALOGUE;
    let sources = backtalk::shipped::built_in();
    let text = &sources[&format!("{NAME}/vignettes.yaml")];
    let file: VignetteFile = serde_saphyr::from_str(text).expect("the shipped vignettes");
    let mut out = vec![engine::begin(d)];
    // Neighbours are much alike.
    for vignette in file.vignettes.iter().step_by(5) {
        let person = vignettes::facts(d, &vignette.facts).expect("the facts of a vignette");
        let mut session = engine::begin(d);
        for act in [
            None,
            Some(Act::Plan),
            Some(Act::StartIce),
            Some(Act::StartPack),
        ] {
            if let Some(act) = act {
                session = tap(d, session, Wish::Act(act));
                out.push(session.clone());
            }
            for wish in answerer::hold_from(d, session.clone(), &person, NOW).presses {
                session = tap(d, session, wish);
                out.push(session.clone());
            }
        }
    }
    out.dedup();
    out
});

fn tap(d: &Dialogue, session: Session, wish: Wish) -> Session {
    let visit = State::of(d, &session).visit;
    let input = Input::Press(Press { visit, wish });
    engine::step(d, &session, &input, NOW)
        .session
        .unwrap_or(session)
}

/// Take one step and render all that it shows and owes. The session after it, if there is one.
pub fn step(d: &Dialogue, session: &Session, input: &Input) -> Option<Session> {
    let step = engine::step(d, session, input, NOW);
    let after = step.session.as_ref().unwrap_or(session);
    for owed in &step.owed {
        view::render(d, after, owed, NOW);
    }
    look(d, after);
    step.session
}

/// Render whatever can be seen of a session.
pub fn look(d: &Dialogue, session: &Session) {
    view::view(d, session, NOW);
    let state = State::of(d, session);
    view::folded(d, session, &state);
    timers::timers(d, session, &state, NOW);
}

/// Go on from a session in every way that needs no further idea, one step each, and once more with
/// the buttons that are then shown.
pub fn go_on(d: &Dialogue, session: &Session) {
    look(d, session);
    export::export(d, session, NOW);
    let mut inputs = vec![
        Input::Start { language: None },
        Input::UnknownPress,
        Input::Text("numb between the legs".into()),
        Input::Text("7".into()),
        Input::Edited("yes".into()),
        Input::Media,
        Input::Due,
        Input::Blocked,
    ];
    inputs.extend(Command::ALL.iter().map(|(_, c, _)| Input::Command(*c)));
    if let Some(view) = view::view(d, session, NOW) {
        inputs.extend(
            view.buttons()
                .filter_map(|b| Press::read(&b.data))
                .map(Input::Press),
        );
    }
    for input in &inputs {
        step(d, session, input);
    }
}
