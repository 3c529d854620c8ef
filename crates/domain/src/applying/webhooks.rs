//! Receivers of events.

use model::{ClaimKind, EventPatterns, Webhook, WebhookId, WebhookOrder, WebhookPatch, WebhookSignature};
use serde_json::{Value, json};
use store::StoredClaim;

use super::{
    ApplyError, FieldChange, LeftAlone, Step, StepAction, WantedWebhook,
    planning::{Act, Held, Item, Planning, Target, refused},
};
use crate::{Keydesk, NewWebhook, failure};

/// What may be told of an address: its path may be a secret of the receiver's.
fn origin(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "…".to_owned() };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // Neither is what stands before the host.
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}/…")
}

/// The names of the settings that a file says.
fn said(wanted: &WantedWebhook) -> Vec<String> {
    let said = [
        ("enabled", wanted.enabled.is_some()),
        ("order", wanted.order.is_some()),
        ("types", wanted.types.is_some()),
        ("url", wanted.url.is_some()),
    ];
    said.into_iter().filter(|(_, said)| *said).map(|(name, _)| name.to_owned()).collect()
}

/// A receiver as a file wants it: what it says, and what is usual of what it said before and says no longer.
fn wanted_patch(wanted: &WantedWebhook, before: Option<&StoredClaim>) -> WebhookPatch {
    let held = |name: &str| before.is_some_and(|claim| claim.settings.iter().any(|held| held == name));
    WebhookPatch {
        // There is no usual address.
        url: wanted.url.clone(),
        types: wanted.types.clone().or_else(|| held("types").then(EventPatterns::default)),
        order: wanted.order.or_else(|| held("order").then(WebhookOrder::default)),
        enabled: wanted.enabled.or_else(|| held("enabled").then_some(true)),
    }
}

/// The fields that are another one, before and after.
fn changes(before: &Webhook, patch: &WebhookPatch) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    let mut note = |name: &str, from: Value, to: Option<Value>| {
        if let Some(to) = to.filter(|to| *to != from) {
            changes.push(FieldChange::of(name, from, to));
        }
    };
    note("enabled", json!(before.enabled), patch.enabled.map(|to| json!(to)));
    note("order", json!(before.order), patch.order.map(|to| json!(to)));
    note("types", json!(before.types), patch.types.as_ref().map(|to| json!(to)));
    if let Some(url) = patch.url.as_ref().filter(|url| **url != before.url) {
        changes.push(FieldChange::of("url", json!(origin(&before.url)), json!(origin(url))));
    }
    changes
}

impl Keydesk {
    pub(super) async fn plan_webhooks(&self, on: &mut Planning<'_>) -> Result<(), ApplyError> {
        let stored = self.inner.store.webhooks(on.caller.installation).await.map_err(failure::public)?;
        let there: Vec<Webhook> = stored.into_iter().map(|stored| stored.webhook).collect();
        let wanted = on.wanted;
        let is_named = |name: &str| wanted.webhooks.iter().any(|webhook| webhook.name.as_str() == name);
        for webhook in &wanted.webhooks {
            let claim = webhook.claim.map(|id| id.to_string());
            match on.target(ClaimKind::Webhook, &webhook.name, claim, is_named)? {
                Target::New => self.plan_new_webhook(on, webhook)?,
                Target::Held(held) => {
                    self.plan_old_webhook(on, webhook, (held.object.as_str(), &there[..]), Some(held), true)?;
                }
                Target::Taken { object, before } => {
                    self.plan_old_webhook(on, webhook, (object.as_str(), &there[..]), before, false)?;
                }
            }
        }
        for claim in on.dropped(ClaimKind::Webhook, is_named) {
            let Some(before) = find(&there, &claim.object) else {
                on.give_up(claim, "deleted by hand");
                continue;
            };
            let (pending, _) = self.inner.store.webhook_waiting(before.id).await.map_err(failure::public)?;
            let stops = match pending {
                0 => "nothing is sent to it any more".to_owned(),
                1 => "nothing is sent to it any more, nor 1 event that waits for it".to_owned(),
                events => format!("nothing is sent to it any more, nor {events} events that wait for it"),
            };
            let step = Step {
                id: Some(claim.object.clone()),
                version: Some(before.version),
                drifted: claim.version != before.version,
                stops: vec![stops],
                ..Step::new(StepAction::Remove, ClaimKind::Webhook, &claim.name, origin(&before.url))
            };
            let act = Act::RemoveWebhook { id: before.id, version: before.version };
            on.items.push(Item { step, act, object: Some(claim.object.clone()), held: None });
        }
        Ok(())
    }

    fn plan_new_webhook(&self, on: &mut Planning<'_>, wanted: &WantedWebhook) -> Result<(), ApplyError> {
        let name = wanted.name.as_str();
        let refuse = |reason: String| refused(ClaimKind::Webhook, name, reason);
        let Some(url) = wanted.url.clone() else {
            return Err(refuse("a webhook that is made needs a url".to_owned()));
        };
        self.parse_webhook(&url).map_err(|error| refuse(error.to_string()))?;
        let signature = wanted.signature.unwrap_or_default();
        match (signature, &wanted.secret) {
            (WebhookSignature::V1, None) => {
                let once = "its secret is shown once, so say with secret_file or secret_command where it goes";
                return Err(refuse(once.to_owned()));
            }
            (WebhookSignature::V1a, Some(_)) => {
                let none = "with the signature v1a there is no secret to hand over: its public key checks";
                return Err(refuse(none.to_owned()));
            }
            (WebhookSignature::V1, Some(_)) | (WebhookSignature::V1a, None) => {}
        }
        let new = NewWebhook {
            url,
            types: wanted.types.clone().unwrap_or_default(),
            order: wanted.order.unwrap_or_default(),
            signature,
            environment: wanted.environment,
            disabled: wanted.enabled == Some(false),
        };
        let environment = on.caller.environment_of(new.environment);
        let changes = [
            ("url", json!(origin(&new.url))),
            ("types", json!(new.types)),
            ("order", json!(new.order)),
            ("signature", json!(new.signature)),
            ("environment", json!(environment)),
            ("enabled", json!(!new.disabled)),
        ];
        let step = Step {
            changes: changes.into_iter().map(|(field, to)| FieldChange::of(field, Value::Null, to)).collect(),
            secret: wanted.secret.clone(),
            ..Step::new(StepAction::Add, ClaimKind::Webhook, name, origin(&new.url))
        };
        let held = Some(Held { name: name.to_owned(), settings: said(wanted) });
        on.items.push(Item { step, act: Act::AddWebhook(Box::new(new)), object: None, held });
        Ok(())
    }

    fn plan_old_webhook(
        &self,
        on: &mut Planning<'_>,
        wanted: &WantedWebhook,
        (object, there): (&str, &[Webhook]),
        claim: Option<&StoredClaim>,
        is_own: bool,
    ) -> Result<(), ApplyError> {
        let name = wanted.name.as_str();
        let refuse = |reason: String| refused(ClaimKind::Webhook, name, reason);
        let Some(before) = find(there, object) else {
            if !is_own {
                return Err(refuse(format!("there is no webhook {object} to claim")));
            }
            let reason =
                "it was deleted by hand. Take it out of the file; an entry of another name makes another webhook";
            let reason = reason.to_owned();
            on.left_alone.push(LeftAlone { kind: ClaimKind::Webhook, name: name.to_owned(), reason });
            return Ok(());
        };
        let stays = "which stays so; give the other webhook another name";
        if wanted.signature.is_some_and(|other| other != before.signature) {
            return Err(refuse(format!("it is signed otherwise, {stays}")));
        }
        if wanted.environment.is_some_and(|other| other != before.environment) {
            return Err(refuse(format!("it is for {} events, {stays}", before.environment)));
        }
        let patch = wanted_patch(wanted, claim);
        if let Some(url) = patch.url.as_ref().filter(|url| **url != before.url) {
            self.parse_webhook(url).map_err(|error| refuse(error.to_string()))?;
        }
        let changes = changes(before, &patch);
        let said = said(wanted);
        if changes.is_empty() && is_own && claim.is_some_and(|claim| claim.settings == said) {
            return Ok(());
        }
        let action = if is_own && !changes.is_empty() { StepAction::Change } else { StepAction::Claim };
        let stops = patch.enabled == Some(false) && before.enabled;
        let step = Step {
            id: Some(object.to_owned()),
            version: Some(before.version),
            drifted: !changes.is_empty() && claim.is_some_and(|claim| claim.version != before.version),
            stops: stops.then(|| "nothing is sent to it while it is switched off".to_owned()).into_iter().collect(),
            changes,
            ..Step::new(action, ClaimKind::Webhook, name, origin(&before.url))
        };
        let act = if step.changes.is_empty() {
            Act::Nothing
        } else {
            Act::ChangeWebhook { id: before.id, version: before.version, patch }
        };
        let held = Some(Held { name: name.to_owned(), settings: said });
        on.items.push(Item { step, act, object: Some(object.to_owned()), held });
        Ok(())
    }
}

fn find<'a>(there: &'a [Webhook], object: &str) -> Option<&'a Webhook> {
    let id: WebhookId = object.parse().ok()?;
    there.iter().find(|webhook| webhook.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_told_of_an_address_but_its_host() {
        for (url, told) in [
            ("https://example.com/hooks/s3cret", "https://example.com/…"),
            ("https://user:s3cret@example.com:8443?token=s3cret", "https://example.com:8443/…"),
            ("s3cret", "…"),
        ] {
            assert_eq!(origin(url), told);
        }
    }
}
