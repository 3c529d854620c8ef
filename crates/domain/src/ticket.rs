//! Texts that Keydesk gives to a browser and knows again: what they say, when they were made, and a tag that the keyring alone makes. No
//! database has them, and every node knows those of all nodes.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::{Instant, PlainSecret};
use zeroize::Zeroizing;

use crate::Keydesk;

const TAG_LEN: usize = 32;
const TIME_LEN: usize = 8;
/// How far the clocks of two nodes may differ, in milliseconds: 5 minutes.
const SKEW_MS: i64 = 5 * 60 * 1000;
/// Longest ticket that is read, in characters.
const LONGEST: usize = 512;

/// A kind of tickets.
pub(crate) struct TicketKind {
    /// No other kind has it.
    pub(crate) purpose: &'static [u8],
    /// For how long one is good.
    pub(crate) life_ms: i64,
}

impl Keydesk {
    /// A ticket that says this, and is good for the same `about` alone.
    pub(crate) fn ticket(&self, kind: &TicketKind, says: &[u8], about: &[u8]) -> PlainSecret {
        let mut ticket = Zeroizing::new(says.to_vec());
        ticket.extend_from_slice(&self.now().as_millis().to_be_bytes());
        let tag = self.keyring().derive(kind.purpose, &bound(&ticket, about));
        ticket.extend_from_slice(&tag);
        PlainSecret::new(URL_SAFE_NO_PAD.encode(&ticket[..]))
    }

    /// What a ticket says. `None`: it is not of this kind, about something else, or too old.
    pub(crate) fn read_ticket(&self, kind: &TicketKind, ticket: &str, about: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        if ticket.len() > LONGEST {
            return None;
        }
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(ticket).ok()?);
        let (head, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG_LEN)?)?;
        let (says, made_at) = head.split_last_chunk::<TIME_LEN>()?;
        let (made_at, now) = (Instant::from_millis(i64::from_be_bytes(*made_at)), self.now());
        let living = made_at <= now.plus_millis(SKEW_MS) && now < made_at.plus_millis(kind.life_ms);
        let ours = living && self.keyring().has_derived(kind.purpose, &bound(head, about), tag);
        ours.then(|| Zeroizing::new(says.to_vec()))
    }
}

/// With the length of the head, so that no two pairs are the same bytes.
fn bound(head: &[u8], about: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = head.len() as u64;
    Zeroizing::new([&length.to_be_bytes()[..], head, about].concat())
}
