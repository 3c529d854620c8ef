//! What became of the keys that have webhooks: those end with them.

use std::{collections::HashSet, pin::Pin, sync::Arc, time::Duration};

use contact_centre::{
    push::Feed,
    webhooks::{Standing, Webhooks},
};
use model::{Scope, ScopeSet};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use uuid::Uuid;

use crate::centre::Centre;

/// How often it is asked.
const ASKED: Duration = Duration::from_millis(500);

/// The feeds that have webhooks, and the rights that they ask for.
const FEEDS: [(Feed, &str); 2] = [(Feed::AgentStates, "agent-states:subscribe"), (Feed::Calls, "calls:read")];

/// A key, as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyNow {
    /// It works no more.
    Ended,
    /// It works, with these rights.
    Works(ScopeSet),
    /// Nobody can say now. Then nothing is changed.
    Unknown,
}

/// Who knows keys.
pub trait Keys: Send + Sync + 'static {
    /// What a key is now.
    fn now(&self, key: Uuid) -> Pin<Box<dyn Future<Output = KeyNow> + Send + '_>>;

    /// Tells whoever administers a key that one of its webhooks was switched off though nobody did it, and why. Otherwise than `true` it could
    /// not be told now.
    fn switched_off(&self, key: Uuid, webhook: Uuid, why: Box<str>) -> Pin<Box<dyn Future<Output = bool> + Send + '_>>;
}

impl Centre {
    /// Has webhooks from now on. Without them, whoever wants one is told that there are none.
    pub fn with_webhooks(&self, webhooks: Webhooks) -> bool {
        self.pushed().webhooks.set(webhooks).is_ok()
    }

    /// Sends events to webhooks until it is told to stop, and ends those of keys that end.
    pub async fn deliver(&self, keys: Arc<dyn Keys>, mut stop: watch::Receiver<bool>) {
        let Some(webhooks) = self.pushed().webhooks.get().cloned() else { return };
        // Whoever ran before has told of those.
        let mut told: HashSet<_> = webhooks.switched_off().into_iter().map(|(id, _)| id).collect();
        // A key may have lost rights while nothing ran here, and what waits was made before that.
        tokio::select! {
            () = stopped(&mut stop) => return,
            () = look(&webhooks, &*keys) => {}
        }
        let running = tokio::spawn(webhooks.clone().run(self.id(), stop.clone()));
        let mut looks = interval(ASKED);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stopped(&mut stop) => break,
                _ = looks.tick() => {}
            }
            look(&webhooks, &*keys).await;
            tell(&webhooks, &*keys, &mut told).await;
        }
        let _ = running.await;
    }

    /// Ends every stream, so that clients come back to whoever is there then.
    pub fn end_streams(&self) {
        self.pushed().hubs.end();
    }
}

/// Has webhooks follow what became of their keys.
async fn look(webhooks: &Webhooks, keys: &dyn Keys) {
    for key in webhooks.keys() {
        if let Some(standing) = standing(keys.now(key).await) {
            webhooks.stands(key, &standing);
        }
    }
}

/// Tells of each webhook that was switched off, once.
async fn tell(webhooks: &Webhooks, keys: &dyn Keys, told: &mut HashSet<Uuid>) {
    let off = webhooks.switched_off();
    told.retain(|id| off.iter().any(|(other, _)| other == id));
    for (id, why) in off {
        if told.contains(&id) {
            continue;
        }
        // It may have ended with its key meanwhile.
        let is_of = |key: &Uuid| FEEDS.iter().any(|(feed, _)| webhooks.get(*key, *feed, id).is_ok());
        let Some(key) = webhooks.keys().into_iter().find(is_of) else { continue };
        if keys.switched_off(key, id, why.clone()).await {
            tracing::warn!(webhook = %id, %why, "a webhook of the contact centre was switched off");
            told.insert(id);
        }
    }
}

/// Waits until it is time to stop, and holds nothing afterwards.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

fn standing(now: KeyNow) -> Option<Standing> {
    let scopes = match now {
        KeyNow::Unknown => return None,
        KeyNow::Ended => return Some(Standing::Ended),
        KeyNow::Works(scopes) => scopes,
    };
    let may = |right: &str| Scope::parse(right).is_ok_and(|scope| scopes.allows(&scope));
    Some(Standing::Stands {
        feeds: FEEDS.iter().filter(|(_, right)| may(right)).map(|(feed, _)| *feed).collect(),
        wraps: may("wraps:read"),
        contacts: may("contacts:read"),
        recordings: may("recordings:read"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_lost_a_right_follows_what_is_left() {
        let scopes = ["calls:read", "contacts:*"].map(|scope| Scope::parse(scope).unwrap()).into_iter().collect();
        let Some(Standing::Stands { feeds, wraps, contacts, recordings }) = standing(KeyNow::Works(scopes)) else {
            panic!("it stands")
        };
        assert_eq!((feeds, wraps, contacts, recordings), (vec![Feed::Calls], false, true, false));
        assert_eq!(standing(KeyNow::Ended), Some(Standing::Ended));
        assert_eq!(standing(KeyNow::Unknown), None);
    }
}
