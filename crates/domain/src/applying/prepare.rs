use std::collections::BTreeMap;

use model::{ClaimKind, KeyError, PlainSecret};
use store::NewSecret;

use super::{
    ApplyError, Planned,
    planning::{Act, refused},
};
use crate::{Caller, Issued, Keydesk, issue::Draft, webhook::BuiltWebhook};

/// A plan with the secrets that it makes, none of which is written anywhere yet.
pub struct Prepared {
    pub(super) planned: Planned,
    /// By the place of their step.
    pub(super) keys: BTreeMap<usize, (Issued, NewSecret)>,
    pub(super) webhooks: BTreeMap<usize, BuiltWebhook>,
}

/// A secret of something that is about to be made.
pub struct MadeSecret<'a> {
    /// Of what.
    pub kind: ClaimKind,
    /// By which name the file knows it.
    pub name: &'a str,
    /// The id that it gets.
    pub id: String,
    /// The secret.
    pub secret: &'a PlainSecret,
}

impl Prepared {
    /// The secrets, in the order of the plan.
    pub fn secrets(&self) -> Vec<MadeSecret<'_>> {
        let mut made = Vec::new();
        for (place, step) in self.planned.plan.steps.iter().enumerate() {
            let found = match (self.keys.get(&place), self.webhooks.get(&place)) {
                (Some((issued, _)), _) => Some((issued.key.id.to_string(), &issued.secret)),
                (None, Some(built)) => built.told.as_ref().map(|secret| (built.webhook.id.to_string(), secret)),
                (None, None) => None,
            };
            made.extend(found.map(|(id, secret)| MadeSecret { kind: step.kind, name: &step.name, id, secret }));
        }
        made
    }

    /// The plan.
    pub fn planned(&self) -> &Planned {
        &self.planned
    }
}

impl Keydesk {
    /// Makes what a plan needs before it is carried out: secrets, and a look at where the addresses of receivers lead.
    pub async fn prepare_file(&self, caller: &Caller, planned: Planned) -> Result<Prepared, ApplyError> {
        let (mut keys, mut webhooks) = (BTreeMap::new(), BTreeMap::new());
        let now = self.now();
        for (place, item) in planned.items.iter().enumerate() {
            let refuse = |error: KeyError| refused(item.step.kind, &item.step.name, error.to_string());
            match &item.act {
                Act::AddKey(new) => {
                    let draft = Draft::of(caller, self.catalogue(), planned.longest_life, (**new).clone(), now);
                    let draft = draft.map_err(refuse)?;
                    keys.insert(place, self.build(&planned.installation, draft, now).map_err(refuse)?);
                }
                Act::AddWebhook(new) => {
                    let host = self.vet_webhook(&new.url).await.map_err(refuse)?.host().to_owned();
                    let environment = caller.environment_of(new.environment);
                    let built = self.build_webhook(caller.installation, (**new).clone(), environment, host, now);
                    webhooks.insert(place, built.map_err(refuse)?);
                }
                Act::ChangeWebhook { patch, .. } => {
                    if let Some(url) = &patch.url {
                        self.vet_webhook(url).await.map_err(refuse)?;
                    }
                }
                _ => {}
            }
        }
        Ok(Prepared { planned, keys, webhooks })
    }
}
