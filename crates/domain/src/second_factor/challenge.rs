//! What a passkey is asked with. A challenge says nothing, is about one ceremony, and is answered once; until it is, nobody keeps it.

use model::{AdministratorId, PlainSecret, SessionId};

use crate::{Keydesk, ticket::TicketKind};

/// 10 minutes: for as long as a page may wait for somebody who looks for their key.
const LIFE_MS: i64 = 10 * 60 * 1000;
const KIND: TicketKind = TicketKind { purpose: b"keydesk/passkey/1\0", life_ms: LIFE_MS };

/// Random bytes of a challenge.
const RANDOM_LEN: usize = 16;

/// What a passkey is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ceremony {
    /// To sign a person in.
    SignIn(AdministratorId),
    /// To prove that it is still the person whose session this is.
    Confirm(SessionId),
    /// To be added, in this session.
    Add(SessionId),
}

impl Ceremony {
    fn about(self) -> Vec<u8> {
        let (name, id) = match self {
            Self::SignIn(person) => (&b"sign-in"[..], person.0),
            Self::Confirm(session) => (&b"confirm"[..], session.0),
            Self::Add(session) => (&b"add"[..], session.0),
        };
        [name, id.as_bytes()].concat()
    }
}

impl Keydesk {
    /// A new challenge, in base64url.
    pub(super) fn challenge(&self, ceremony: Ceremony) -> PlainSecret {
        let mut random = [0; RANDOM_LEN];
        self.inner.entropy.fill(&mut random);
        self.ticket(&KIND, &random, &ceremony.about())
    }

    /// Whether a challenge was given out for this ceremony, and not too long ago.
    pub(super) fn is_challenge(&self, ceremony: Ceremony, challenge: &str) -> bool {
        self.read_ticket(&KIND, challenge, &ceremony.about()).is_some()
    }
}
