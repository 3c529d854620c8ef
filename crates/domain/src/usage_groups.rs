use std::collections::BTreeMap;

use model::{
    Code, Environment, KeyError, KeyId, Scope, SeriesOf, TimeZone, UsageFilter, UsageGroup, UsageGroups, UsagePoint,
    UsageRange, UsageSeries, UsageStep, fold_name,
};
use store::UsageCount;
use uuid::Uuid;

use crate::{
    Caller, Keydesk, failure,
    usage_points::{points, steps, without_empty},
    usage_report::whole,
    usage_target::UsageTarget,
};

/// Groups in one answer.
pub const USAGE_GROUPS_MAX: u32 = 200;
/// Pages of keys that are looked through for one that has calls in the range, before an empty page is answered.
const PAGES: usize = 20;

impl Keydesk {
    /// All calls of a range. Steps without a call are left out.
    pub async fn usage_points(
        &self,
        caller: &Caller,
        range: UsageRange,
        filter: &UsageFilter,
        zone: &TimeZone,
    ) -> Result<Vec<UsagePoint>, KeyError> {
        let target = self.usage_target(caller, filter).await?;
        let steps = steps(range, zone);
        let counts = self.usage_counts(&target, whole(range, &steps), range.step()).await?;
        Ok(without_empty(points(&steps, &counts)))
    }

    /// The calls of a range by groups, at most `limit` of them: keys in the order of their ids, from `after` on; clients with the most
    /// calls first; else all there are.
    pub async fn usage_groups(
        &self,
        caller: &Caller,
        range: UsageRange,
        filter: &UsageFilter,
        zone: &TimeZone,
        group: UsageGroup,
        (after, limit): (Option<KeyId>, u32),
    ) -> Result<UsageGroups, KeyError> {
        let target = self.usage_target(caller, filter).await?;
        let asked = Asked { range, steps: steps(range, zone), limit: limit.clamp(1, USAGE_GROUPS_MAX) as usize };
        match group {
            UsageGroup::Key => self.usage_by_key(caller, &target, &asked, after).await,
            UsageGroup::Client => self.usage_by_client(caller, filter, &target, &asked).await,
            UsageGroup::Code => {
                let counts = self.usage_counts(&target, asked.bounds(), range.step()).await?;
                Ok(asked.groups(
                    counts,
                    |count| count.code,
                    |code: Code| SeriesOf { code: Some(code), ..SeriesOf::default() },
                ))
            }
            UsageGroup::Scope => self.usage_by_scope(&target, &asked).await,
            UsageGroup::Environment => self.usage_by_environment(caller, filter, &target, &asked).await,
        }
    }

    async fn usage_by_key(
        &self,
        caller: &Caller,
        target: &UsageTarget,
        asked: &Asked,
        after: Option<KeyId>,
    ) -> Result<UsageGroups, KeyError> {
        let store = &self.inner.store;
        let mut after = after.unwrap_or(KeyId(Uuid::nil()));
        for _ in 0..PAGES {
            let (keys, next) = match &target.keys {
                Some(keys) => {
                    let mut keys: Vec<_> = keys.iter().copied().filter(|key| *key > after).collect();
                    keys.sort_unstable();
                    let more = keys.len() > asked.limit;
                    keys.truncate(asked.limit);
                    let next = keys.last().copied().filter(|_| more);
                    (keys, next)
                }
                None => {
                    let keys = store.keys_with_usage(caller.installation, after, asked.limit as i64).await;
                    let keys = keys.map_err(failure::public)?;
                    let next = keys.last().copied().filter(|_| keys.len() >= asked.limit);
                    let seen = match target.environment() {
                        None => keys,
                        Some(environment) => store
                            .keys_of_environment(caller.installation, environment, &keys)
                            .await
                            .map_err(failure::public)?,
                    };
                    (seen, next)
                }
            };
            let (from, to) = asked.bounds();
            let counts = store.usage_of_keys(&target.span(from, to), &keys, asked.range.step()).await;
            let counts = counts.map_err(failure::public)?;
            let mut by_key: BTreeMap<KeyId, Vec<UsageCount>> = BTreeMap::new();
            counts.into_iter().for_each(|(key, count)| by_key.entry(key).or_default().push(count));
            let mut groups = Vec::with_capacity(by_key.len());
            for (id, counts) in by_key {
                // Purged keys have left their usage alone.
                let key = store.key(caller.installation, id).await.map_err(failure::public)?;
                let of = SeriesOf {
                    key_id: Some(id),
                    client_name: key.as_ref().map(|key| key.client_name().clone()),
                    environment: key.as_ref().map(store::StoredKey::environment),
                    ..SeriesOf::default()
                };
                groups.push(asked.series(of, &counts));
            }
            match next {
                Some(key) if groups.is_empty() => after = key,
                _ => return Ok(UsageGroups { groups, next_cursor: next }),
            }
        }
        Ok(UsageGroups { groups: Vec::new(), next_cursor: Some(after) })
    }

    async fn usage_by_client(
        &self,
        caller: &Caller,
        filter: &UsageFilter,
        target: &UsageTarget,
        asked: &Asked,
    ) -> Result<UsageGroups, KeyError> {
        let mut first = match (&target.keys, &filter.client) {
            (None, _) => {
                let top = self.top_clients(caller, asked.range, target, asked.limit).await?;
                top.clients.into_iter().map(|client| (client.client_name, client.environment)).collect()
            }
            (Some(_), Some(client)) => {
                let environments = [Environment::Live, Environment::Test].into_iter();
                environments.map(|environment| (client.clone(), environment)).collect::<Vec<_>>()
            }
            (Some(keys), None) => {
                let mut clients = Vec::new();
                for key in keys {
                    let key = self.get(caller, *key).await?;
                    clients.push((key.settings.client_name, key.environment));
                }
                clients
            }
        };
        first.retain(|(_, environment)| target.environment().is_none_or(|only| only == *environment));
        first.dedup_by(|(one, of), (other, as_of)| fold_name(one.as_str()) == fold_name(other.as_str()) && of == as_of);
        let mut groups = Vec::with_capacity(first.len());
        for (client, environment) in first {
            let own = UsageFilter { client: Some(client.clone()), environment: Some(environment), ..filter.clone() };
            let own = self.usage_target(caller, &own).await?;
            let counts = self.usage_counts(&own, asked.bounds(), asked.range.step()).await?;
            let of = SeriesOf { client_name: Some(client), environment: Some(environment), ..SeriesOf::default() };
            groups.push(asked.series(of, &counts));
        }
        groups.retain(|series| !series.points.is_empty());
        Ok(UsageGroups { groups, next_cursor: None })
    }

    async fn usage_by_scope(&self, target: &UsageTarget, asked: &Asked) -> Result<UsageGroups, KeyError> {
        let ((from, to), store) = (asked.bounds(), &self.inner.store);
        let span = target.span(from, to);
        let counts = match &target.keys {
            // Scopes are counted by the quarter at the shortest.
            None => store.usage_points_by_scope(&span, quarters_at_least(asked.range.step())).await,
            Some(keys) => store.scope_points_of_keys(&span, keys, quarters_at_least(asked.range.step())).await,
        };
        let mut by_scope: BTreeMap<Scope, Vec<UsageCount>> = BTreeMap::new();
        let counts = counts.map_err(failure::public)?;
        counts.into_iter().for_each(|(scope, count)| by_scope.entry(scope).or_default().push(count));
        let groups = by_scope
            .into_iter()
            .take(asked.limit)
            .map(|(scope, counts)| asked.series(SeriesOf { scope: Some(scope), ..SeriesOf::default() }, &counts));
        Ok(UsageGroups { groups: groups.collect(), next_cursor: None })
    }

    async fn usage_by_environment(
        &self,
        caller: &Caller,
        filter: &UsageFilter,
        target: &UsageTarget,
        asked: &Asked,
    ) -> Result<UsageGroups, KeyError> {
        let mut groups = Vec::new();
        for environment in [Environment::Live, Environment::Test] {
            if target.environment().is_some_and(|only| only != environment) {
                continue;
            }
            let own = UsageFilter { environment: Some(environment), ..filter.clone() };
            let own = self.usage_target(caller, &own).await?;
            let counts = self.usage_counts(&own, asked.bounds(), asked.range.step()).await?;
            let of = SeriesOf { environment: Some(environment), ..SeriesOf::default() };
            groups.push(asked.series(of, &counts));
        }
        groups.retain(|series| !series.points.is_empty());
        Ok(UsageGroups { groups, next_cursor: None })
    }
}

fn quarters_at_least(step: UsageStep) -> UsageStep {
    if step == UsageStep::Minute { UsageStep::Quarter } else { step }
}

/// The range of a question, and its steps.
struct Asked {
    range: UsageRange,
    steps: Vec<model::Instant>,
    limit: usize,
}

impl Asked {
    fn bounds(&self) -> (model::Instant, model::Instant) {
        whole(self.range, &self.steps)
    }

    fn series(&self, of: SeriesOf, counts: &[UsageCount]) -> UsageSeries {
        UsageSeries { of, points: without_empty(points(&self.steps, counts)) }
    }

    fn groups<K: Ord + Copy>(
        &self,
        counts: Vec<UsageCount>,
        key: impl Fn(&UsageCount) -> K,
        of: impl Fn(K) -> SeriesOf,
    ) -> UsageGroups {
        let mut grouped: BTreeMap<K, Vec<UsageCount>> = BTreeMap::new();
        counts.into_iter().for_each(|count| grouped.entry(key(&count)).or_default().push(count));
        let groups = grouped.into_iter().map(|(key, counts)| self.series(of(key), &counts)).collect();
        UsageGroups { groups, next_cursor: None }
    }
}
