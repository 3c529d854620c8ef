use model::{
    CallCounts, Instant, KeyError, Period, TimeZone, TopClients, USAGE_MINUTES_MS, UsageFilter, UsageRange,
    UsageReport, UsageStep,
};
use store::ClientParts;

use crate::{
    Caller, Keydesk, failure,
    usage_points::{heat, points, steps, sum},
    usage_target::UsageTarget,
};

const HOUR_MS: i64 = 60 * 60 * 1000;
const QUARTER_MS: i64 = HOUR_MS / 4;
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
        let clients = if target.keys.is_none() && filter.code.is_none() {
            Some(self.top_clients(caller, range, &target, CLIENTS).await?)
        } else {
            None
        };
        Ok(UsageReport {
            range,
            points: points(&steps, &counts),
            counts: sum(&counts),
            before: self.counts_before(&target, span, range.step()).await?,
            clients,
            scopes: self.usage_scopes(&target, span).await?,
            heat: heat(range, zone, &counts),
            is_lower_bound: target.is_lower_bound,
        })
    }

    /// All calls of the time before that of a range.
    pub(crate) async fn counts_before(
        &self,
        target: &UsageTarget,
        span: (Instant, Instant),
        step: UsageStep,
    ) -> Result<CallCounts, KeyError> {
        let (from, to, step) = before(span, step, self.now());
        Ok(sum(&self.usage_counts(target, (from, to), step).await?))
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
        let zone = self.require_open(caller)?.time_zone;
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

/// The time of the same length before this one, and the step whose rows tell its sum. No row is in both times, nor is a part of it.
fn before((from, to): (Instant, Instant), step: UsageStep, now: Instant) -> (Instant, Instant, UsageStep) {
    let length = to.as_millis() - from.as_millis();
    if step == UsageStep::Minute && from.plus_millis(-length) > now.plus_millis(-USAGE_MINUTES_MS) {
        return (from.plus_millis(-length), from, UsageStep::Minute);
    }
    // Minutes are gone after two days, and quarters are rolled up into days: whichever are there tell the sum.
    let to = Instant::from_millis(from.as_millis().div_euclid(QUARTER_MS) * QUARTER_MS);
    (to.plus_millis(-length), to, UsageStep::Day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_row_is_in_a_range_and_in_the_time_before_it() {
        let at = |text: &str| text.parse::<Instant>().unwrap();
        let now = at("2026-11-27T11:20:30Z");
        for (from, to, step, from_before, to_before, step_before) in [
            // The hour until now, of which quarters would count the last of the hour before too.
            (
                "2026-11-27T10:21:00Z",
                "2026-11-27T11:20:30Z",
                UsageStep::Minute,
                "2026-11-27T09:21:30Z",
                "2026-11-27T10:21:00Z",
                UsageStep::Minute,
            ),
            // Minutes of before are gone.
            (
                "2026-11-25T12:20:00Z",
                "2026-11-25T13:20:00Z",
                UsageStep::Minute,
                "2026-11-25T11:15:00Z",
                "2026-11-25T12:15:00Z",
                UsageStep::Day,
            ),
            (
                "2026-11-26T11:30:00Z",
                "2026-11-27T11:20:30Z",
                UsageStep::Quarter,
                "2026-11-25T11:39:30Z",
                "2026-11-26T11:30:00Z",
                UsageStep::Day,
            ),
            // Quarters of before may be rolled up.
            (
                "2026-09-01T00:00:00Z",
                "2026-09-08T00:00:00Z",
                UsageStep::Hour,
                "2026-08-25T00:00:00Z",
                "2026-09-01T00:00:00Z",
                UsageStep::Day,
            ),
        ] {
            let expected = (at(from_before), at(to_before), step_before);
            assert_eq!(before((at(from), at(to)), step, now), expected, "{from}");
        }
    }
}
