//! Whose secrets are, as the database of this deployment says.

use domain::{Caller, Keydesk, LeakDone, Leaked, LeakedKey};
use model::{KeyKind, LeakPlace, LeakRule};
use scan::{Finding, Form};

use super::{
    revoke::Revoked,
    told::{Owner, State, Told},
};
use crate::commands::Failed;

/// What is known of a finding, and the key that can be taken away for it.
pub(super) async fn ask(
    keydesk: &Keydesk,
    finding: &Finding,
) -> Result<Option<(Told, Option<Box<LeakedKey>>)>, Failed> {
    let leaked = match keydesk.leaked(&finding.secret).await? {
        Some(Leaked::Key(leaked)) => leaked,
        Some(Leaked::Webhook(leaked)) => {
            let owner = Owner {
                installation: keydesk.installation_name(leaked.installation),
                webhook_id: Some(leaked.webhook.to_string()),
                host: Some(leaked.host),
                ..Owner::default()
            };
            return Ok(Some((Told::new(finding, State::Works, owner), None)));
        }
        // Other products have secrets of this form. Those that are not ours are not ours to tell of.
        None if finding.form == Form::SigningSecret => return Ok(None),
        None => return Ok(Some((Told::new(finding, State::Unknown, Owner::default()), None))),
    };
    let state = State::from(leaked.standing(keydesk.now()));
    let key = &leaked.key;
    let owner = Owner {
        installation: keydesk.installation_name(leaked.installation),
        key_id: Some(key.id.to_string()),
        client_name: Some(key.settings.client_name.to_string()),
        default_key: key.kind == KeyKind::Default,
        owner_email: key.settings.owner_email.as_ref().map(ToString::to_string),
        ends_at: leaked.token_ends_at.or(leaked.secret_ends_at),
        ..Owner::default()
    };
    let can_be_revoked = leaked.token_ends_at.is_none() && key.kind == KeyKind::Issued && state.is_living();
    let told = Told::new(finding, state, owner);
    Ok(Some((told, can_be_revoked.then_some(leaked))))
}

/// Deletes a key, and writes down that it was found and where.
pub(super) async fn revoke(keydesk: &Keydesk, leaked: &LeakedKey, place: &str) -> Result<Revoked, Failed> {
    let place = LeakPlace::of(Some(place), Some("scan"));
    let operator = Caller::operator(leaked.installation);
    let done = keydesk.report_leak(&operator, leaked, &place, None, LeakRule::Revoke).await?;
    Ok(if done == LeakDone::Revoked { Revoked::Now } else { Revoked::Before })
}
