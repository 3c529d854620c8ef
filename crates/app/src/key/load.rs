use axum::http::request::Parts;
use domain::{Caller, Keydesk, Session};
use model::{KeyId, Permission, Selection};

use super::{
    details::{ActivityDetails, KeyDetails, Opened, may_rotate},
    span::Span,
    tab::Tab,
    token_form::TokenForm,
};
use crate::{
    ApiError,
    ui::{FirstCall, key_settings::SettingsForm},
    web::{Reader, WebState, reached_at},
};

/// What is to be shown of a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) tab: Tab,
    pub(super) open: Opened,
    /// How far back its activity goes.
    pub(super) span: &'static Span,
    /// The entry before which its history begins; `None`: with the newest.
    pub(super) before: Option<i64>,
}

impl Wanted {
    /// A tab as it is opened first.
    pub(super) fn tab(tab: Tab) -> Self {
        Self { tab, open: Opened::Nothing, span: Span::named(""), before: None }
    }

    /// The form that was sent.
    pub(super) fn form(open: Opened) -> Self {
        Self { open, ..Self::tab(open.tab()) }
    }
}

/// Loads what the page shows.
pub(super) async fn load(
    web: &WebState,
    session: &Session,
    parts: &Parts,
    id: KeyId,
    wanted: Wanted,
) -> Result<KeyDetails, ApiError> {
    let (keydesk, caller) = (&web.keydesk, session.caller());
    let key = keydesk.get(&caller, id).await?;
    let days = keydesk.activity(&caller, &[id]).await?;
    let reached = reached_at(&web.access, &parts.headers);
    Ok(KeyDetails {
        secrets: keydesk.secrets(&caller, id).await?,
        handovers: keydesk.handovers(&caller, id).await?,
        breaks: match wanted.open.says_what_breaks() {
            true => Some(keydesk.what_breaks(&caller, &Selection::Ids(vec![id])).await?),
            false => None,
        },
        limits: keydesk.verifier().limits_of_key(caller.installation, id, keydesk.now()).await.ok(),
        days: days.into_iter().next().map(|activity| activity.days).unwrap_or_default(),
        recorded: keydesk.records_allowed_calls(),
        recoverable: session.installation.recoverable,
        call: FirstCall::of(&key, session.installation.id, &web.documentation, &reached),
        tried: keydesk.tried(&caller, id).await?,
        may_change: caller.may(Permission::ManageKeys),
        may_rotate: may_rotate(&caller, &key),
        now: keydesk.now(),
        flash: None,
        open: wanted.open,
        overlap: None,
        version: None,
        token: TokenForm::default(),
        activity: match wanted.tab {
            Tab::Activity => Some(activity(keydesk, &caller, &Reader::of(keydesk, parts), id, wanted).await?),
            Tab::Settings => None,
        },
        form: SettingsForm::of_key(&key).within(session.installation.longest_life),
        longest_life: session.installation.longest_life,
        typed: false,
        problems: Vec::new(),
        narrows: None,
        differences: Vec::new(),
        name: key.settings.client_name.as_str().to_owned(),
        catalogue: keydesk.catalogue().clone(),
        reader_address: session.via.address,
        key,
    })
}

async fn activity(
    keydesk: &Keydesk,
    caller: &Caller,
    reader: &Reader,
    id: KeyId,
    wanted: Wanted,
) -> Result<ActivityDetails, ApiError> {
    let Wanted { span, before, .. } = wanted;
    let Reader { zone, now } = reader;
    Ok(ActivityDetails {
        activity: keydesk.key_activity(caller, id, span.range(*now, zone), zone).await?,
        history: match caller.may(Permission::ReadAudit) {
            true => Some(keydesk.history(caller, id, before).await?),
            false => None,
        },
        earlier: before.is_some(),
        span,
        zone: zone.clone(),
    })
}
