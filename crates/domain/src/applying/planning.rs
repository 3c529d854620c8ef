use std::collections::BTreeSet;

use model::{Ceiling, ClaimKind, ClaimName, Instant, KeyError, KeyId, KeyLife, KeySettings, WebhookId, WebhookPatch};
use store::StoredClaim;

use super::{ApplyError, LeftAlone, Plan, Step, StepAction, Wanted};
use crate::{Authority, Caller, CeilingOf, Installation, InstallationPatch, Keydesk, NewKey, NewWebhook, failure};

/// A plan, with what carries it out.
pub struct Planned {
    pub(super) plan: Plan,
    pub(super) items: Vec<Item>,
    /// What files held when the plan was made.
    pub(super) claims: Vec<StoredClaim>,
    pub(super) installation: Installation,
    /// Within how many days keys must end, as the file leaves it.
    pub(super) longest_life: Option<KeyLife>,
}

impl Planned {
    /// What would be done.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}

/// A step, and how it is carried out.
pub(super) struct Item {
    pub(super) step: Step,
    pub(super) act: Act,
    /// Which object of its kind; `None`: it is not made yet.
    pub(super) object: Option<String>,
    /// What the file then holds of it; `None`: nothing.
    pub(super) held: Option<Held>,
}

/// What a file holds of an object.
pub(super) struct Held {
    pub(super) name: String,
    pub(super) settings: Vec<String>,
}

/// What a step changes.
pub(super) enum Act {
    /// What files hold, and nothing else.
    Nothing,
    Module(bool),
    /// What a setting is, and what it is to be.
    Installation {
        from: Box<InstallationPatch>,
        to: Box<InstallationPatch>,
    },
    Limits {
        of: CeilingOf,
        ceiling: Ceiling,
        version: i64,
    },
    AddKey(Box<NewKey>),
    ChangeKey {
        id: KeyId,
        version: i64,
        to: Box<KeySettings>,
    },
    RemoveKey {
        id: KeyId,
        version: i64,
    },
    AddWebhook(Box<NewWebhook>),
    ChangeWebhook {
        id: WebhookId,
        version: i64,
        patch: WebhookPatch,
    },
    RemoveWebhook {
        id: WebhookId,
        version: i64,
    },
}

/// A plan that is being made.
pub(super) struct Planning<'a> {
    pub(super) caller: &'a Caller,
    pub(super) wanted: &'a Wanted,
    pub(super) installation: &'a Installation,
    /// Within how many days keys must end, as the file leaves it.
    pub(super) longest_life: Option<KeyLife>,
    pub(super) claims: &'a [StoredClaim],
    pub(super) now: Instant,
    pub(super) items: Vec<Item>,
    pub(super) left_alone: Vec<LeftAlone>,
    /// Objects that entries have taken over, perhaps from another one of the file.
    taken: BTreeSet<(ClaimKind, String)>,
}

/// What an entry is about.
pub(super) enum Target<'a> {
    /// Nothing has its name yet.
    New,
    /// What the file holds under its name.
    Held(&'a StoredClaim),
    /// What it takes over: from nobody, or from another entry of the file.
    Taken { object: String, before: Option<&'a StoredClaim> },
}

/// Where an entry stands in the file.
pub(super) fn entry(kind: ClaimKind, name: &str) -> String {
    match kind {
        ClaimKind::Key => format!("keys.{name}"),
        ClaimKind::Webhook => format!("webhooks.{name}"),
        ClaimKind::Setting => format!("settings.{name}"),
        ClaimKind::Limits => "limits".to_owned(),
        ClaimKind::Routes => "routes".to_owned(),
    }
}

/// A refused entry.
pub(super) fn refused(kind: ClaimKind, name: &str, reason: impl Into<String>) -> ApplyError {
    ApplyError::Entry { at: entry(kind, name), reason: reason.into() }
}

impl<'a> Planning<'a> {
    /// Whether what stops working can be looked up: where the module is off, nobody manages keys.
    pub(super) fn looks_at_calls(&self) -> bool {
        self.installation.enabled
    }

    /// What this file holds under a name.
    pub(super) fn held(&self, kind: ClaimKind, name: &str) -> Option<&'a StoredClaim> {
        let file = self.wanted.file.as_str();
        self.claims.iter().find(|claim| claim.kind == kind && claim.file == file && claim.name == name)
    }

    /// Who holds an object.
    pub(super) fn holder(&self, kind: ClaimKind, object: &str) -> Option<&'a StoredClaim> {
        self.claims.iter().find(|claim| claim.kind == kind && claim.object == object)
    }

    /// What an entry with this name is about, which perhaps claims an object.
    pub(super) fn target(
        &mut self,
        kind: ClaimKind,
        name: &ClaimName,
        claim: Option<String>,
        is_named: impl Fn(&str) -> bool,
    ) -> Result<Target<'a>, ApplyError> {
        let name = name.as_str();
        let Some(object) = claim else {
            return Ok(self.held(kind, name).map_or(Target::New, Target::Held));
        };
        let before = match (self.held(kind, name), self.holder(kind, &object)) {
            (Some(held), _) if held.object == object => return Ok(Target::Held(held)),
            (Some(held), _) => {
                let reason = format!("it is {} already; give what it claims a name of its own", held.object);
                return Err(refused(kind, name, reason));
            }
            (None, Some(holder)) if holder.file != self.wanted.file.as_str() => {
                let (file, held) = (&holder.file, entry(kind, &holder.name));
                let reason = format!("the file {file} holds {object} as {held}; release it there first");
                return Err(refused(kind, name, reason));
            }
            (None, Some(holder)) if is_named(&holder.name) => {
                return Err(refused(kind, name, format!("{} holds {object} already", entry(kind, &holder.name))));
            }
            (None, holder) => holder,
        };
        if !self.taken.insert((kind, object.clone())) {
            return Err(refused(kind, name, format!("another entry claims {object}, too")));
        }
        Ok(Target::Taken { object, before })
    }

    /// What the file holds, no longer says, and does not release.
    pub(super) fn dropped(&self, kind: ClaimKind, is_named: impl Fn(&str) -> bool) -> Vec<&'a StoredClaim> {
        let (file, claims) = (self.wanted.file.as_str(), self.claims);
        let all = claims.iter().filter(|claim| claim.kind == kind && claim.file == file && !is_named(&claim.name));
        let stays = |claim: &&StoredClaim| {
            !self.taken.contains(&(kind, claim.object.clone())) && !self.is_released(kind, &claim.name)
        };
        all.filter(stays).collect()
    }

    fn is_released(&self, kind: ClaimKind, name: &str) -> bool {
        self.wanted.release.iter().any(|(of, released)| *of == kind && released.as_str() == name)
    }

    /// Nothing is done with an object but that the file holds it no longer.
    pub(super) fn give_up(&mut self, claim: &StoredClaim, title: &str) {
        let step = Step {
            id: matches!(claim.kind, ClaimKind::Key | ClaimKind::Webhook).then(|| claim.object.clone()),
            ..Step::new(StepAction::Release, claim.kind, &claim.name, title)
        };
        self.items.push(Item { step, act: Act::Nothing, object: Some(claim.object.clone()), held: None });
    }

    /// What the file releases.
    fn release(&mut self) -> Result<(), ApplyError> {
        for (kind, name) in &self.wanted.release {
            let name = name.as_str();
            let says = match kind {
                ClaimKind::Key => self.wanted.keys.iter().any(|key| key.name.as_str() == name),
                ClaimKind::Webhook => self.wanted.webhooks.iter().any(|webhook| webhook.name.as_str() == name),
                ClaimKind::Setting | ClaimKind::Limits | ClaimKind::Routes => false,
            };
            if says {
                return Err(refused(
                    *kind,
                    name,
                    "it is among what is released, and in the file; take one of them out",
                ));
            }
            if let Some(claim) = self.held(*kind, name) {
                self.give_up(claim, name);
            }
        }
        Ok(())
    }
}

pub(super) fn require_operator(caller: &Caller) -> Result<(), KeyError> {
    if matches!(caller.authority, Authority::Operator) { Ok(()) } else { Err(KeyError::Forbidden) }
}

impl Keydesk {
    /// What applying a file would do, and what would stop working. Changes nothing.
    pub async fn plan_file(&self, caller: &Caller, wanted: &Wanted) -> Result<Planned, ApplyError> {
        require_operator(caller)?;
        let all = self.installations().await?;
        let installation = all.into_iter().find(|one| one.id == caller.installation).ok_or(KeyError::NoInstallation)?;
        if !installation.enabled && wanted.settings.enabled != Some(true) {
            return Err(KeyError::ModuleUnavailable { contact: installation.contact }.into());
        }
        let epoch = self.inner.store.epoch().await.map_err(failure::public)?;
        let claims = self.inner.store.claims(caller.installation).await.map_err(failure::public)?;
        let longest_life = wanted.settings.longest_life.unwrap_or(installation.longest_life);
        let mut on = Planning {
            caller,
            wanted,
            installation: &installation,
            longest_life,
            claims: &claims,
            now: self.now(),
            items: Vec::new(),
            left_alone: Vec::new(),
            taken: BTreeSet::new(),
        };
        on.plan_settings()?;
        self.plan_limits(&mut on).await?;
        self.plan_keys(&mut on).await?;
        self.plan_webhooks(&mut on).await?;
        on.plan_routes()?;
        on.release()?;
        let Planning { items, left_alone, .. } = on;
        let plan = Plan {
            file: wanted.file.clone(),
            installation: installation.name.clone(),
            installation_id: installation.id,
            epoch,
            steps: items.iter().map(|item| item.step.clone()).collect(),
            left_alone,
        };
        Ok(Planned { plan, items, claims, installation, longest_life })
    }
}
