//! The laws, one file each.

mod at_once;
mod gates;
mod messages;
mod occurs;
mod one_end;
mod skipping;
mod unsure;
mod worse;

use super::Law;
pub use occurs::reached;

/// Every law, in order.
pub const ALL: [Law; 8] = [
    Law {
        id: "L1",
        says: "every complete conversation ends in exactly one disposition; no screen is a dead end, and none is asked twice",
        prove: one_end::prove,
    },
    Law {
        id: "L2",
        says: "the moment the answers given satisfy an emergency rule, the next message is the emergency message",
        prove: at_once::prove,
    },
    Law {
        id: "L3",
        says: "skipping hides nothing: asking only the screens whose guards hold gives the disposition and the gates of knowing all facts",
        prove: skipping::prove,
    },
    Law {
        id: "L4",
        says: "worse never lowers: a more worrying answer never lowers the disposition, whatever else is true",
        prove: worse::prove,
    },
    Law {
        id: "L5",
        says: "not sure about a sign that alone is an emergency is at least urgent",
        prove: unsure::prove,
    },
    Law {
        id: "L6",
        says: "gates win: nothing that a firing gate leaves out is shown, in any window, check-in or reminder",
        prove: gates::prove,
    },
    Law {
        id: "L7",
        says: "every rule, card, gate and screen can occur, and a replay or vignette reaches it",
        prove: occurs::prove,
    },
    Law {
        id: "L8",
        says: "every message has all it fills in, fits, and carries the country's number where it must",
        prove: messages::prove,
    },
];
