use std::sync::atomic::Ordering::Relaxed;

use model::{Attention, Instant, KeyError, KeyId, ListQuery, PAGE_MAX, Permission, RefusalCode, Sort, SortColumn};
use store::ToldKey;

use crate::{Caller, Keydesk, RefusalQuery, failure};

/// What is shown of a group.
const SHOWN: usize = 5;
/// Links that are counted at most.
const LINKS_COUNTED: usize = 100;

/// A few of a group, and how many there are in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Few<T> {
    /// The first.
    pub shown: Vec<T>,
    /// How many there are.
    pub total: u64,
    /// There may be more.
    pub total_is_lower_bound: bool,
}

impl<T> Few<T> {
    /// Of all, or as many as were looked at.
    fn of(mut all: Vec<T>, looked_at: usize) -> Self {
        let (total, total_is_lower_bound) = (all.len().min(looked_at) as u64, all.len() > looked_at);
        all.truncate(SHOWN);
        Self { shown: all, total, total_is_lower_bound }
    }
}

/// Calls of one key that were refused for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedKey {
    /// The key.
    pub id: KeyId,
    /// Whom it was generated for; `None`: the key is gone.
    pub client_name: Option<String>,
    /// Why.
    pub code: RefusalCode,
    /// How many of the newest refusals are such.
    pub calls: u64,
    /// The last one.
    pub at: Instant,
}

/// What wants somebody's attention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// Keys that end within 14 days; the first end first.
    pub ending: Few<ToldKey>,
    /// Keys that were used and not for 90 days, with their last use; the longest unused first.
    pub unused: Few<ToldKey>,
    /// Why calls were refused in the last 24 hours, of the newest refusals; what was refused most first.
    pub refused: Few<RefusedKey>,
    /// Keys with a hand-over link that nobody has opened, with its end; the first end first.
    pub unopened: Few<ToldKey>,
    /// Whether allowed calls are recorded. Else keys that are in use look unused.
    pub records_allowed_calls: bool,
}

impl Keydesk {
    /// What wants somebody's attention, as far as the caller may see it.
    pub async fn overview(&self, caller: &Caller) -> Result<Overview, KeyError> {
        self.require_open(caller)?;
        caller.require(Permission::ReadKeys)?;
        let (store, now, place) = (&self.inner.store, self.now(), caller.installation);
        let soon = now.plus_millis(Attention::SOON_MS);
        let first = store.ending_first(place, now, soon, SHOWN as i64).await.map_err(failure::public)?;
        let ending = self.few(caller, Attention::EndingSoon).await?;
        let unopened = store.unopened(place, now, LINKS_COUNTED as i64 + 1).await.map_err(failure::public)?;
        Ok(Overview {
            ending: Few { shown: first, ..ending },
            unused: self.few(caller, Attention::Unused).await?,
            refused: self.few_refused(caller).await?,
            unopened: Few::of(unopened, LINKS_COUNTED),
            records_allowed_calls: self.records_allowed_calls(),
        })
    }

    /// The keys that want this attention; those that were used the longest ago first.
    async fn few(&self, caller: &Caller, attention: Attention) -> Result<Few<ToldKey>, KeyError> {
        let query = ListQuery {
            attention: Some(attention),
            sort: Sort { column: SortColumn::LastUsedAt, descending: false },
            limit: SHOWN as u32,
            ..ListQuery::default()
        };
        let page = self.list(caller, &query).await?;
        let told = page.items.into_iter().map(|key| ToldKey {
            id: key.id,
            client_name: key.settings.client_name.into(),
            at: key.last_used_at.unwrap_or(key.created_at),
        });
        let (total, total_is_lower_bound) = (page.total, page.total_is_lower_bound);
        Ok(Few { shown: told.collect(), total, total_is_lower_bound })
    }

    async fn few_refused(&self, caller: &Caller) -> Result<Few<RefusedKey>, KeyError> {
        if !caller.may(Permission::ReadUsage) {
            return Ok(Few::of(Vec::new(), 0));
        }
        let page = self.refusals(caller, &RefusalQuery::default(), PAGE_MAX).await?;
        let mut groups: Vec<RefusedKey> = Vec::new();
        for item in page.items {
            let (id, code, at) = (item.refusal.key, item.refusal.code, item.refusal.at);
            match groups.iter_mut().find(|group| (group.id, group.code) == (id, code)) {
                Some(group) => group.calls += 1,
                None => groups.push(RefusedKey { id, client_name: item.client_name, code, calls: 1, at }),
            }
        }
        // Of equals the newest first, as they came.
        groups.sort_by_key(|group| std::cmp::Reverse(group.calls));
        let looked_at = groups.len();
        Ok(Few { total_is_lower_bound: page.next.is_some(), ..Few::of(groups, looked_at) })
    }

    /// Whether anybody can sign in: an administrator exists, in whichever installation.
    pub async fn is_set_up(&self) -> Result<bool, KeyError> {
        if self.inner.set_up.load(Relaxed) {
            return Ok(true);
        }
        let found = self.inner.store.has_administrators().await.map_err(failure::public)?;
        // The last one goes by the operator's hand alone, and then the sign-in is shown as before.
        self.inner.set_up.fetch_or(found, Relaxed);
        Ok(found)
    }
}
