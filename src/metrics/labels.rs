//! The words that a label may say. There are no others: a label is made of one of these and never
//! of text, so that nothing about a person can become one.

/// A label, and all it may say.
pub trait Label: Copy + 'static {
    /// Its name.
    const NAME: &'static str;
    /// Everything it may say, each at its [`Label::index`].
    const ALL: &'static [Self];
    /// The word.
    fn word(self) -> &'static str;
    /// Its place in [`Label::ALL`].
    fn index(self) -> usize;
}

macro_rules! label {
    ($(#[$doc:meta])* $label:ident = $name:literal { $($(#[$about:meta])* $says:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $label { $($(#[$about])* $says,)+ }

        impl Label for $label {
            const NAME: &'static str = $name;
            const ALL: &'static [$label] = &[$($label::$says),+];
            fn word(self) -> &'static str {
                match self { $($label::$says => $word),+ }
            }
            fn index(self) -> usize {
                self as usize
            }
        }
    };
}

label! {
    /// What a turn was about.
    TurnKind = "kind" {
        Press = "press",
        Text = "text",
        Command = "command",
        Start = "start",
        Media = "media",
        Edited = "edited",
        Blocked = "blocked",
        Due = "due",
        Away = "away",
    }
}

label! {
    /// What came of a turn.
    TurnOutcome = "outcome" {
        Applied = "applied",
        /// It was applied before, or changes nothing.
        Already = "already",
        /// They may not come in.
        TurnedAway = "turned_away",
        /// Nothing is kept of the person, any more or at all.
        Erased = "erased",
        /// It could not be stored: it comes again, or was given up.
        Failed = "failed",
    }
}

label! {
    /// What is asked of the store.
    StoreCall = "call" {
        Load = "load",
        Commit = "commit",
        Claim = "claim",
        Durable = "durable",
        Grant = "grant",
    }
}

label! {
    /// Why the store could not.
    StoreTrouble = "kind" {
        Unavailable = "unavailable",
        Unreadable = "unreadable",
        Full = "full",
        Unusable = "unusable",
    }
}

label! {
    /// How something goes out.
    SentMethod = "method" {
        Send = "send",
        Edit = "edit",
        File = "file",
        Photo = "photo",
        Answer = "answer",
    }
}

label! {
    /// What came of it.
    SentOutcome = "outcome" {
        Ok = "ok",
        Later = "later",
        Refused = "refused",
        /// The person cannot be reached any more.
        Gone = "gone",
        /// The message to edit, or the press to answer, is not there any more.
        NoMessage = "no_message",
    }
}

label! {
    /// Which lane of those who are due.
    ClaimLane = "lane" {
        First = "first",
        Other = "other",
    }
}

label! {
    /// How soon something must go out.
    SendPriority = "priority" {
        Emergency = "emergency",
        TakeOff = "take_off",
        Answer = "answer",
        Safety = "safety",
        Reminder = "reminder",
        Progress = "progress",
    }
}

label! {
    /// What a verdict said.
    Level = "level" {
        Emergency = "emergency",
        Urgent = "urgent",
        Soon = "soon",
        Routine = "routine",
        SelfCare = "self_care",
    }
}

label! {
    /// What Telegram was answered.
    WebhookStatus = "status" {
        Taken = "200",
        BadRequest = "400",
        Forbidden = "401",
        TooLarge = "413",
        Overloaded = "503",
    }
}

label! {
    /// What came of loading the dialogue anew.
    Reload = "outcome" {
        Loaded = "loaded",
        Refused = "refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<L: Label>() {
        let well_formed = |word: &str| {
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            !word.is_empty() && word.chars().all(fits)
        };
        assert!(well_formed(L::NAME));
        for (n, says) in L::ALL.iter().enumerate() {
            assert_eq!(says.index(), n);
            assert!(well_formed(says.word()), "{}", says.word());
        }
    }

    #[test]
    fn every_word_stands_at_its_place_and_needs_no_quoting() {
        check::<TurnKind>();
        check::<TurnOutcome>();
        check::<StoreCall>();
        check::<StoreTrouble>();
        check::<SentMethod>();
        check::<SentOutcome>();
        check::<ClaimLane>();
        check::<SendPriority>();
        check::<Level>();
        check::<WebhookStatus>();
        check::<Reload>();
    }
}
