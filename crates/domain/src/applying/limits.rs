//! Ceilings.

use std::collections::BTreeSet;

use model::{Ceiling, ClaimKind, Client, Environment};
use serde_json::json;
use store::{StoredCeiling, StoredClaim};

use super::{
    ApplyError, FieldChange, Step, StepAction, WantedLimits,
    planning::{Act, Held, Item, Planning, refused},
    words,
};
use crate::{CeilingOf, Keydesk, failure};

/// The installation's own ceiling among the objects.
const INSTALLATION: &str = "installation";

/// Which object a ceiling is.
fn object(of: &CeilingOf) -> String {
    match of.client() {
        None => INSTALLATION.to_owned(),
        Some(client) => format!("client:{}:{}", client.environment(), client.folded()),
    }
}

/// The client of an object; `None`: it is the installation's own.
fn client(object: &str) -> Option<Client> {
    let (environment, folded) = object.strip_prefix("client:")?.split_once(':')?;
    Some(Client::kept(folded.to_owned(), environment.parse::<Environment>().ok()?))
}

fn title(of: &CeilingOf) -> String {
    match of {
        CeilingOf::Installation => "all keys of the installation".to_owned(),
        CeilingOf::Client(name, environment) => format!("the {environment} keys of {name}"),
    }
}

fn changes(from: &Ceiling, to: &Ceiling) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    if from.rate_limits != to.rate_limits {
        changes.push(FieldChange::of("rate_limits", json!(from.rate_limits), json!(to.rate_limits)));
    }
    if from.quotas != to.quotas {
        changes.push(FieldChange::of("quotas", json!(from.quotas), json!(to.quotas)));
    }
    changes
}

/// Whether a call could be refused that was not.
fn is_tighter(from: &Ceiling, to: &Ceiling) -> bool {
    !to.rate_limits.covers(&from.rate_limits) || !to.quotas.covers(&from.quotas)
}

impl Keydesk {
    pub(super) async fn plan_limits(&self, on: &mut Planning<'_>) -> Result<(), ApplyError> {
        let mut named = BTreeSet::new();
        for wanted in &on.wanted.limits {
            let object = object(&wanted.of);
            if !named.insert(object.clone()) {
                return Err(refused(ClaimKind::Limits, &object, format!("{} are in it twice", title(&wanted.of))));
            }
            self.plan_ceiling(on, wanted, object).await?;
        }
        for claim in on.dropped(ClaimKind::Limits, |name| named.contains(name)) {
            self.plan_to_lift(on, claim).await?;
        }
        Ok(())
    }

    async fn plan_ceiling(
        &self,
        on: &mut Planning<'_>,
        wanted: &WantedLimits,
        object: String,
    ) -> Result<(), ApplyError> {
        let refuse = |reason: String| refused(ClaimKind::Limits, &object, reason);
        let title = title(&wanted.of);
        self.require_ceiling(&wanted.ceiling).map_err(|error| refuse(format!("{title}: {error}")))?;
        let stored = self.stored_ceiling(on, wanted.of.client().as_ref()).await?;
        let (from, version) = stored.map_or_else(Default::default, |stored| (stored.ceiling, stored.version));
        let holder = on.holder(ClaimKind::Limits, &object);
        if let Some(other) = holder.filter(|holder| holder.file != on.wanted.file.as_str()) {
            return Err(refuse(format!("{title}: the file {} holds their limits", other.file)));
        }
        if holder.is_none() && !from.is_empty() && !wanted.claim {
            let how = "their limits were set by hand; say `claim = true` beside them to take them over";
            return Err(refuse(format!("{title}: {how}")));
        }
        let changes = changes(&from, &wanted.ceiling);
        if changes.is_empty() && holder.is_some() {
            return Ok(());
        }
        let action = match (holder, from.is_empty()) {
            (Some(_), _) => StepAction::Change,
            (None, true) => StepAction::Add,
            (None, false) => StepAction::Claim,
        };
        let mut step = Step {
            version: Some(version),
            drifted: !changes.is_empty() && holder.is_some_and(|holder| holder.version != version),
            changes,
            ..Step::new(action, ClaimKind::Limits, &object, title)
        };
        if is_tighter(&from, &wanted.ceiling) {
            self.say_calls(on, &wanted.of, &mut step).await?;
        }
        let act = if step.changes.is_empty() {
            Act::Nothing
        } else {
            Act::Limits { of: wanted.of.clone(), ceiling: wanted.ceiling.clone(), version }
        };
        let held = Some(Held { name: object.clone(), settings: Vec::new() });
        on.items.push(Item { step, act, object: Some(object), held });
        Ok(())
    }

    /// A ceiling that the file no longer says is taken away, which refuses nothing.
    async fn plan_to_lift(&self, on: &mut Planning<'_>, claim: &StoredClaim) -> Result<(), ApplyError> {
        let stored = self.stored_ceiling(on, client(&claim.object).as_ref()).await?;
        let Some(stored) = stored.filter(|stored| !stored.ceiling.is_empty()) else {
            on.give_up(claim, &claim.name);
            return Ok(());
        };
        let of = match stored.client {
            None => CeilingOf::Installation,
            Some((client, name)) => CeilingOf::Client(name, client.environment()),
        };
        let step = Step {
            version: Some(stored.version),
            changes: changes(&stored.ceiling, &Ceiling::default()),
            drifted: claim.version != stored.version,
            ..Step::new(StepAction::Remove, ClaimKind::Limits, &claim.name, title(&of))
        };
        let act = Act::Limits { of, ceiling: Ceiling::default(), version: stored.version };
        on.items.push(Item { step, act, object: Some(claim.object.clone()), held: None });
        Ok(())
    }

    async fn stored_ceiling(
        &self,
        on: &Planning<'_>,
        client: Option<&Client>,
    ) -> Result<Option<StoredCeiling>, ApplyError> {
        Ok(self.inner.store.ceiling(on.caller.installation, client).await.map_err(failure::public)?)
    }

    /// How many calls were made with the keys that may do less together from now on.
    async fn say_calls(&self, on: &Planning<'_>, of: &CeilingOf, step: &mut Step) -> Result<(), ApplyError> {
        let Some(client) = of.client().filter(|_| on.looks_at_calls()) else {
            step.stops.push("calls beyond these limits are refused".to_owned());
            return Ok(());
        };
        let calls = self.calls_of_client(on.caller, &client).await?;
        step.calls_30_days = Some(calls);
        let made = words::calls(calls);
        step.stops.push(format!("calls beyond these limits are refused; these keys made {made} in the last 30 days"));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use model::ClientName;

    use super::*;

    #[test]
    fn an_object_names_one_ceiling() {
        assert_eq!((object(&CeilingOf::Installation).as_str(), client(INSTALLATION)), (INSTALLATION, None));
        let of = |name: &str| CeilingOf::Client(ClientName::parse(name).unwrap(), Environment::Test);
        assert_eq!(object(&of("Acme: CRM")), "client:test:acme: crm");
        assert_eq!(client(&object(&of("Acme: CRM"))), of("ACME:  crm").client());
        assert_eq!(title(&of("Acme")), "the test keys of Acme");
    }
}
