use model::{
    Instant, KeyError, Period, TimeZone, TopClients, USAGE_MINUTES_MS, UsageFilter, UsageRange, UsageReport, UsageStep,
};
use store::ClientParts;

use crate::{
    Caller, Keydesk, failure,
    usage_points::{heat, points, steps, sum},
    usage_target::UsageTarget,
};

const HOUR_MS: i64 = 60 * 60 * 1000;
/// Clients that are shown.
const CLIENTS: usize = 10;

impl Keydesk {
    /// What a range of usage looks like, by the clocks of `zone`, compared with the range before it.
    pub async fn usage_report(
        &self,
        caller: &Caller,
        range: UsageRange,
        filter: &UsageFilter,
        zone: &TimeZone,
    ) -> Result<UsageReport, KeyError> {
        let target = self.usage_target(caller, filter).await?;
        let steps = steps(range, zone);
        let span = whole(range, &steps);
        let counts = self.usage_counts(&target, span, range.step()).await?;
        let before = range.before();
        // Minutes of two days before are gone; quarters tell the sum as well.
        let step_before = if range.step() == UsageStep::Minute { UsageStep::Quarter } else { range.step() };
        let before = self.usage_counts(&target, (before.from(), before.to()), step_before).await?;
        let clients = if target.keys.is_none() && filter.code.is_none() {
            Some(self.top_clients(caller, range, &target, CLIENTS).await?)
        } else {
            None
        };
        Ok(UsageReport {
            range,
            points: points(&steps, &counts),
            counts: sum(&counts),
            before: sum(&before),
            clients,
            scopes: self.usage_scopes(&target, span).await?,
            heat: heat(range, zone, &counts),
            is_lower_bound: target.is_lower_bound,
        })
    }

    /// The clients with the most calls in a range.
    pub(crate) async fn top_clients(
        &self,
        caller: &Caller,
        range: UsageRange,
        target: &UsageTarget,
        limit: usize,
    ) -> Result<TopClients, KeyError> {
        let (parts, from, to) = self.client_parts(caller, range).await?;
        let (store, installation) = (&self.inner.store, caller.installation);
        let first = store.first_clients(installation, &parts, target.environment(), target.scope(), limit).await;
        let first = first.map_err(failure::public)?;
        Ok(TopClients { clients: first.clients, exact: first.exact, from, to })
    }

    /// The hours and days by which clients are known in a range, and from when until when they go: whole days of the installation, and hours
    /// for what is not rolled up yet, or for a range within the last two days.
    pub(crate) async fn client_parts(
        &self,
        caller: &Caller,
        range: UsageRange,
    ) -> Result<(ClientParts, Instant, Instant), KeyError> {
        let zone = self.require_module(caller.installation)?.time_zone;
        let to = range.to().min(self.now().plus_millis(HOUR_MS));
        let mut parts = ClientParts::default();
        let mut hours_from = range.from();
        if range.from() < self.now().plus_millis(-USAGE_MINUTES_MS - HOUR_MS) {
            let mut day = zone.period(Period::Day, range.from());
            hours_from = day.start;
            while day.end <= to && parts.days.len() < 1_000 {
                let is_recent = day.end > self.now().plus_millis(-USAGE_MINUTES_MS);
                let rolled = !is_recent
                    || self
                        .inner
                        .store
                        .has_clients_of(caller.installation, day.start)
                        .await
                        .map_err(failure::public)?;
                if !rolled {
                    break;
                }
                parts.days.push(day.start);
                hours_from = day.end;
                day = zone.period(Period::Day, day.end);
            }
        }
        let mut hour = hours_from.as_millis().div_euclid(HOUR_MS) * HOUR_MS;
        // Of days of another offset the first hour may belong to the last day.
        if hour < hours_from.as_millis() && !parts.days.is_empty() {
            hour += HOUR_MS;
        }
        while hour < to.as_millis() && parts.hours.len() < 100 {
            parts.hours.push(Instant::from_millis(hour));
            hour += HOUR_MS;
        }
        let from = parts.days.first().or(parts.hours.first()).copied().unwrap_or(range.from());
        Ok((parts, from, to))
    }
}

/// From the begin of the first step until the end of the range.
pub(crate) fn whole(range: UsageRange, steps: &[Instant]) -> (Instant, Instant) {
    (steps.first().copied().unwrap_or(range.from()), range.to())
}
