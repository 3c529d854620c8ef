//! Keys that end soon, to their owners: 14, 3 and 1 days before, once for each key and step.

use std::time::Duration;

use model::{Instant, KeyError};
use store::{EndingKey, LetterKind};
use tokio::{sync::watch, time};

use super::says::{EndingOne, Says};
use crate::{Keydesk, background::next, failure, turn::ONE};

/// How often it is looked for them.
const LOOK: Duration = Duration::from_secs(60 * 60);
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Days before the end, each with the step after it.
const STEPS: [(i64, i64); 3] = [(14, 3), (3, 1), (1, 0)];
/// Keys of one look. Those that are left are found by the next.
const FEW: i64 = 500;
/// Keys that a letter names; of the others it gives the number.
const NAMED: usize = 50;

impl Keydesk {
    pub(crate) async fn mail_ending_until(self, mut stop: watch::Receiver<bool>) {
        if !self.sends_mail() || self.inner.store.is_read_only() {
            return;
        }
        let mut ticks = time::interval(LOOK);
        ticks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        while next(&mut ticks, &mut stop).await {
            if let Err(error) = self.mail_ending().await {
                tracing::warn!(%error, "owners were not written to of keys that end soon; it is tried again in an hour");
            }
        }
    }

    /// Writes to the owners of keys that end within 14, 3 or 1 days, and of which that was not written. Only of the nearest step.
    /// Gives how many letters there were.
    pub async fn mail_ending(&self) -> Result<u64, KeyError> {
        let mut letters = 0;
        for (days, then) in STEPS {
            let name = format!("mail.key_ending:{days}:");
            loop {
                let now = self.now();
                let between = (now.plus_millis(then * DAY_MS), now.plus_millis(days * DAY_MS));
                let found = self.inner.store.keys_ending_unmailed(between, &name, FEW).await;
                let keys = found.map_err(failure::public)?;
                let all = (keys.len() as i64) < FEW;
                let same_owner =
                    |a: &EndingKey, b: &EndingKey| (a.installation, &a.owner_email) == (b.installation, &b.owner_email);
                for of_owner in keys.chunk_by(same_owner) {
                    letters += u64::from(self.write_to_owner(of_owner.to_vec(), name.clone()).await?);
                }
                if all {
                    break;
                }
            }
        }
        Ok(letters)
    }

    async fn write_to_owner(&self, keys: Vec<EndingKey>, name: String) -> Result<bool, KeyError> {
        self.change(ONE, move |this, mut change| async move {
            let now = this.now();
            let mut told = Vec::new();
            for key in keys {
                let (installation, name) = (key.installation, format!("{name}{}", key.expires_at.as_millis()));
                // Another node may have been faster.
                if change.tell_once(installation, key.id.0, &name, now).await.map_err(failure::public)? {
                    told.push(key);
                }
            }
            let Some(EndingKey { installation, id, owner_email: to, .. }) = told.first().cloned() else {
                return Ok(false);
            };
            let ends = told.iter().map(|key| key.expires_at).max().unwrap_or(Instant::from_millis(i64::MAX));
            let more = told.len().saturating_sub(NAMED) as u64;
            let named = told.into_iter().take(NAMED).map(|key| EndingOne {
                id: key.id,
                client_name: key.client_name,
                ends: key.expires_at,
            });
            let says = Says::Ending { to, keys: named.collect(), more };
            let of = (installation, LetterKind::Ending, id.0);
            this.write_letter(&mut change, of, &says, ends).await.map_err(failure::public)?;
            this.commit(change).await?;
            this.letter_written();
            Ok(true)
        })
        .await
    }
}
