use std::{fmt, net::IpAddr, str::FromStr};

use model::{Instant, KeyError, KeyId, PAGE_MAX, Permission, REFUSAL_LIFE_MS, RefusalCode, fold_name};
use store::{ListedRefusal, RefusalFilter, StoredGuessing};
use uuid::Uuid;

use crate::{Caller, Keydesk, failure};

/// Which refusals a person asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefusalQuery {
    /// From this instant on.
    pub from: Option<Instant>,
    /// Before this instant.
    pub to: Option<Instant>,
    /// Only of this key.
    pub key: Option<KeyId>,
    /// Only of clients whose Client Name holds this text.
    pub client: Option<String>,
    /// Only for this reason.
    pub code: Option<RefusalCode>,
    /// Only from this address.
    pub address: Option<IpAddr>,
    /// Only in this request.
    pub request: Option<Uuid>,
    /// Where the page begins.
    pub cursor: Option<RefusalCursor>,
}

/// The last refusal of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusalCursor {
    at: Instant,
    request: Uuid,
    number: i64,
}

/// The text is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a cursor")]
pub struct InvalidRefusalCursor;

impl fmt::Display for RefusalCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.at.as_millis(), self.request, self.number)
    }
}

impl FromStr for RefusalCursor {
    type Err = InvalidRefusalCursor;

    fn from_str(text: &str) -> Result<Self, InvalidRefusalCursor> {
        let read = || {
            let mut parts = text.splitn(3, '.');
            let at = Instant::from_millis(parts.next()?.parse().ok()?);
            let request = parts.next()?.parse().ok()?;
            Some(Self { at, request, number: parts.next()?.parse().ok()? })
        };
        read().ok_or(InvalidRefusalCursor)
    }
}

/// A page of refusals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalPage {
    /// Newest first.
    pub items: Vec<ListedRefusal>,
    /// Where the next page begins; `None`: this was the last.
    pub next: Option<RefusalCursor>,
    /// Refusals that this node counted since it was started and did not keep, since their keys had too many or the database took
    /// none.
    pub not_kept: u64,
    /// Addresses that sent many keys which don't exist, in the last 24 hours.
    pub guessing: Vec<StoredGuessing>,
}

impl Keydesk {
    /// Up to `limit` calls that were refused in the last 24 hours. What was refused on another node is known within about a
    /// second.
    pub async fn refusals(&self, caller: &Caller, query: &RefusalQuery, limit: u32) -> Result<RefusalPage, KeyError> {
        self.require_open(caller)?;
        caller.require(Permission::ReadUsage)?;
        // What this node has not yet written down belongs to the page, too.
        self.verifier().flush_refusals().await;
        let since = self.now().plus_millis(-REFUSAL_LIFE_MS);
        let filter = RefusalFilter {
            installation: caller.installation,
            after: query.from.map_or(since, |from| since.max(from.plus_millis(-1))),
            before: query.to,
            key: query.key,
            client: query.client.as_deref().map(fold_name).filter(|client| !client.is_empty()),
            code: query.code,
            address: query.address,
            request: query.request,
            past: query.cursor.map(|cursor| (cursor.at, cursor.request, cursor.number)),
        };
        let limit = limit.clamp(1, PAGE_MAX) as usize;
        let store = &self.inner.store;
        // One more than is shown tells whether there are more.
        let mut items = store.refusals(&filter, limit as i64 + 1).await.map_err(failure::public)?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|ListedRefusal { refusal, .. }| RefusalCursor {
            at: refusal.at,
            request: refusal.request,
            number: refusal.number,
        });
        let counters = self.verifier().refusal_counters();
        let guessing = store.guessing_of(caller.installation, since).await.map_err(failure::public)?;
        Ok(RefusalPage { items, next, not_kept: counters.left_out + counters.lost, guessing })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let cursor = RefusalCursor { at: Instant::from_millis(-5), request: Uuid::from_u128(7), number: -3 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for bad in ["", "1", "1.2.3", "x.00000000-0000-0000-0000-000000000007.1"] {
            assert_eq!(bad.parse::<RefusalCursor>(), Err(InvalidRefusalCursor), "{bad}");
        }
    }
}
