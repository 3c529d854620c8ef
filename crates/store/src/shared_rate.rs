//! Rate limits that nodes decide together in the database: those that have fewer calls at once than there are nodes.

use model::{InstallationId, LimitName, Rate, RateState};

use crate::{LimitOwnerRow, Store, StoreError, work::write_down};

/// A rate limit that is decided in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedRate {
    /// Whose limit.
    pub installation: InstallationId,
    /// Whose limit.
    pub owner: LimitOwnerRow,
    /// Its name.
    pub name: LimitName,
    /// How it decides.
    pub rate: Rate,
    /// Nanoseconds for which something is taken at least.
    pub known: u64,
}

pub(crate) const BEGIN_RATE: &str = "INSERT INTO rate_state (installation_id, owner, name, full_at) VALUES ($1, $2, $3, 0) \
     ON CONFLICT (installation_id, owner, name) DO NOTHING";
pub(crate) const RATE: &str = "SELECT full_at FROM rate_state WHERE installation_id = $1 AND owner = $2 AND name = $3";
pub(crate) const SET_RATE: &str =
    "UPDATE rate_state SET full_at = $4 WHERE installation_id = $1 AND owner = $2 AND name = $3";
/// Nanoseconds since 1970, by the one clock that all nodes have in common.
pub(crate) const NANOS_POSTGRES: &str = "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000000)::BIGINT";
pub(crate) const NANOS_SQLITE: &str = "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000000";

impl Store {
    /// Takes a call of this cost from all of them, or from none. Gives whether it was taken, and for how many nanoseconds something is
    /// taken from each now. `take`: else nothing is taken, whatever they say.
    pub async fn take_rates(
        &self,
        rates: &[SharedRate],
        cost: u64,
        take: bool,
    ) -> Result<(bool, Vec<u64>), StoreError> {
        self.move_rates(rates, |states, now| {
            let after: Result<Vec<_>, _> =
                rates.iter().zip(states).map(|(of, state)| of.rate.take(*state, cost, now)).collect();
            after.ok().filter(|_| take)
        })
        .await
    }

    /// Gives back what was taken with a call that was refused for another reason.
    pub async fn give_rates(&self, rates: &[SharedRate], cost: u64) -> Result<(), StoreError> {
        let back = |of: &SharedRate, state: &RateState| {
            RateState(state.0.saturating_sub(of.rate.interval().saturating_mul(cost)))
        };
        let given = self
            .move_rates(rates, |states, _| Some(rates.iter().zip(states).map(|(of, state)| back(of, state)).collect()));
        given.await.map(drop)
    }

    async fn move_rates(
        &self,
        rates: &[SharedRate],
        to: impl Fn(&[RateState], u64) -> Option<Vec<RateState>>,
    ) -> Result<(bool, Vec<u64>), StoreError> {
        let nanos = if self.is_shared() { NANOS_POSTGRES } else { NANOS_SQLITE };
        Ok(write_down!(self, connection => {
            let now: i64 = sqlx::query_scalar(nanos).fetch_one(&mut *connection).await?;
            let now = u64::try_from(now).unwrap_or(0);
            let mut states = Vec::with_capacity(rates.len());
            for SharedRate { installation, owner, name, rate, known } in rates {
                let owner = owner.text();
                sqlx::query(BEGIN_RATE)
                    .bind(installation.0).bind(&owner).bind(name.as_str())
                    .execute(&mut *connection).await?;
                let full_at: i64 = sqlx::query_scalar(RATE)
                    .bind(installation.0).bind(&owner).bind(name.as_str())
                    .fetch_one(&mut *connection).await?;
                let full_at = u64::try_from(full_at).unwrap_or(0).max(now.saturating_add(*known));
                states.push(rate.settle(RateState(full_at), now));
            }
            let after = to(&states, now);
            if let Some(after) = &after {
                for (SharedRate { installation, owner, name, .. }, state) in rates.iter().zip(after) {
                    sqlx::query(SET_RATE)
                        .bind(installation.0).bind(owner.text()).bind(name.as_str())
                        .bind(i64::try_from(state.0).unwrap_or(i64::MAX))
                        .execute(&mut *connection).await?;
                }
            }
            let taken = after.is_some();
            let left = after.unwrap_or(states).iter().map(|state| state.0.saturating_sub(now)).collect();
            (taken, left)
        }))
    }
}
