//! Faults: how the network and Telegram misbehave towards the bot, when a test asks for it.
//!
//! Armed by tests through `Emulator::fault`, applied by `server`. A fault fits a request by method
//! and chat; of several that fit, the one armed first applies.

use std::{future::Future, panic::Location, sync::Arc};

use super::{
    push::WEBHOOK,
    state::{Shared, State},
};

/// What goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// 429 Too Many Requests with `retry_after` seconds; the request has no effect.
    Flood { retry_after: u32 },
    /// A status such as 500 or 502 with a body that is not JSON; the request has no effect.
    Broken { status: u16 },
    /// A refusal in Telegram's own form, for texts the emulator does not say by itself.
    Refuse { code: u16, description: String },
    /// 400 with `migrate_to_chat_id`, as for a group that became a supergroup.
    Migrated { to: i64 },
    /// The connection is cut before the request takes effect.
    CutBefore,
    /// The connection is cut after the request took effect: the answer is lost.
    CutAfter,
    /// The request waits, without effect, until `FaultHandle::release`, and then goes on, also
    /// when the bot has given up on it.
    HoldBefore,
    /// The request takes effect at once, its answer waits until `FaultHandle::release`.
    HoldAfter,
}

/// A fault as it is armed.
#[derive(Debug)]
pub struct Armed {
    fault: Fault,
    methods: Vec<String>,
    chat: Option<i64>,
    left: Option<u32>,
    hits: u32,
    pub released: bool,
}

/// The place of a fault in `State::faults`.
pub type FaultId = usize;

impl State {
    /// Takes the first armed fault that fits, and counts it as used.
    pub fn fault_for(&mut self, method: &str, chat: Option<i64>) -> Option<(FaultId, Fault)> {
        let (id, armed) = self.faults.iter_mut().enumerate().find(|(_, armed)| {
            let fits_method = armed.methods.is_empty() && method != WEBHOOK
                || armed
                    .methods
                    .iter()
                    .any(|wanted| wanted.eq_ignore_ascii_case(method));
            let fits_chat = armed.chat.is_none() || armed.chat == chat;
            armed.left != Some(0) && fits_method && fits_chat
        })?;
        armed.left = armed.left.map(|left| left - 1);
        armed.hits += 1;
        Some((id, armed.fault.clone()))
    }
}

/// A fault being described: one shot, every method and every chat, unless narrowed or widened.
#[must_use = "A fault does nothing until it is armed."]
pub struct FaultPlan {
    shared: Arc<Shared>,
    armed: Armed,
}

impl FaultPlan {
    pub(super) fn new(shared: Arc<Shared>, fault: Fault) -> Self {
        let armed = Armed {
            fault,
            methods: Vec::new(),
            chat: None,
            left: Some(1),
            hits: 0,
            released: false,
        };
        FaultPlan { shared, armed }
    }

    /// Only for this method; say it again for more methods. `webhook` is the push of an update, which
    /// can be cut and held, and which only faults that name it befall.
    pub fn on(mut self, method: &str) -> Self {
        self.armed.methods.push(method.to_owned());
        self
    }

    /// Only for requests about this chat (for `answerCallbackQuery`, the chat of the press).
    pub fn in_chat(mut self, chat: i64) -> Self {
        self.armed.chat = Some(chat);
        self
    }

    /// For so many requests rather than one.
    pub fn times(mut self, times: u32) -> Self {
        self.armed.left = Some(times);
        self
    }

    /// For every request, until `FaultHandle::clear`.
    pub fn until_cleared(mut self) -> Self {
        self.armed.left = None;
        self
    }

    /// Puts the fault in force.
    pub fn arm(self) -> FaultHandle {
        let armed = self.armed;
        let on_the_way = matches!(
            armed.fault,
            Fault::CutBefore | Fault::CutAfter | Fault::HoldBefore | Fault::HoldAfter
        );
        assert!(
            on_the_way || !armed.methods.iter().any(|method| method == WEBHOOK),
            "The push of an update can only be cut or held."
        );
        let id = self.shared.change(|state| {
            state.faults.push(armed);
            state.faults.len() - 1
        });
        FaultHandle {
            shared: self.shared,
            id,
        }
    }
}

/// A fault in force. Dropping the handle leaves the fault as it is.
#[derive(Clone)]
pub struct FaultHandle {
    shared: Arc<Shared>,
    id: FaultId,
}

impl FaultHandle {
    /// How many requests it has hit.
    pub fn hits(&self) -> u32 {
        self.shared.read(|state| state.faults[self.id].hits)
    }

    /// Waits until it has hit so many requests.
    #[track_caller]
    pub fn reached(&self, hits: u32) -> impl Future<Output = ()> + '_ {
        let place = Location::caller();
        self.shared
            .until(place, "a fault to be reached", None, move |state| {
                (state.faults[self.id].hits >= hits).then_some(())
            })
    }

    /// Lets later requests through unharmed. Requests held already stay held.
    pub fn clear(&self) {
        self.shared
            .change(|state| state.faults[self.id].left = Some(0));
    }

    /// Lets held requests go on, and later ones through unharmed.
    pub fn release(&self) {
        self.shared.change(|state| {
            state.faults[self.id].left = Some(0);
            state.faults[self.id].released = true;
        });
    }
}
