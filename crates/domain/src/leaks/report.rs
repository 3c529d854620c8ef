use model::{Action, Instant, KeyError, KeyId, KeyKind, LeakPlace, LeakRule, SecretId};
use serde_json::{Value, json};
use store::{Change, StoredRecord};
use uuid::Uuid;

use super::leaked::{LeakedKey, LeakedWebhook};
use crate::{
    Caller, Keydesk,
    audit::AuditEvent,
    failure, fingerprint,
    leak_done::LeakDone,
    turn::{ONE, REVOKES},
};

impl Keydesk {
    /// Notes that a key has leaked, and takes it away where the rule says so and what was found works, or would again. The same secret at the
    /// same place is noted once. `reporter`: the key that has signed the report.
    pub async fn report_leak(
        &self,
        caller: &Caller,
        leaked: &LeakedKey,
        place: &LeakPlace,
        reporter: Option<&str>,
        rule: LeakRule,
    ) -> Result<LeakDone, KeyError> {
        let (key, secret, is_token) = (leaked.key.id, leaked.secret, leaked.token_ends_at.is_some());
        let mut detail = detail(place, reporter);
        (detail["secret_id"], detail["token"], detail["rule"]) = (json!(secret), json!(is_token), json!(rule));
        let turn = if rule == LeakRule::Notify { ONE } else { REVOKES };
        let own = caller.clone();
        let done = self
            .change(turn, move |this, change| async move {
                this.leak_in(change, &own, (key, secret, is_token), detail, rule).await
            })
            .await?;
        self.inner.reporters.count(done);
        let installation = self.installation_name(caller.installation).unwrap_or_default();
        match done {
            LeakDone::DefaultKey => tracing::error!(
                %key, installation,
                "the Default API Key has leaked, and it is never taken away: rotate it now (`keydesk key rotate ID --overlap 0`), and give the \
                 contact centre's own services the new secret"
            ),
            done => tracing::warn!(%key, installation, done = done.as_str(), "an API key has leaked"),
        }
        Ok(done)
    }

    async fn leak_in(
        &self,
        mut change: Change,
        caller: &Caller,
        (key, secret, is_token): (KeyId, SecretId, bool),
        mut detail: Value,
        rule: LeakRule,
    ) -> Result<LeakDone, KeyError> {
        let (installation, now) = (caller.installation, self.now());
        let records = change.records_of_key(installation, key).await.map_err(failure::public)?;
        let record = records.into_iter().find(|record| record.secret == secret).ok_or(KeyError::NotFound)?;
        let done = becomes(&record, is_token, rule, now);
        detail["done"] = json!(done);
        let takes = matches!(done, LeakDone::Disabled | LeakDone::Revoked);
        if !self.is_new_leak(&mut change, caller, (key.0, secret.0), &detail).await? && !takes {
            return Ok(done);
        }
        let event = AuditEvent::on_key(Action::KeyLeaked, key, detail);
        self.write_audit(&mut change, installation, caller, now, vec![event]).await?;
        match done {
            LeakDone::Told | LeakDone::DefaultKey => self.commit(change).await?,
            LeakDone::Disabled => {
                self.switch_in(&mut change, caller, &[key], false).await?;
                self.commit_keys(change, installation, &[key]).await?;
            }
            LeakDone::Revoked => {
                let (_, tombstones) = self.delete_in(&mut change, caller, &[key], None).await?;
                self.commit_deletion(change, tombstones).await?;
            }
        }
        Ok(done)
    }

    /// Notes that a webhook's signing secret has leaked. It is rotated by people, with the receiver.
    pub(super) async fn report_leaked_webhook(
        &self,
        caller: &Caller,
        leaked: &LeakedWebhook,
        place: &LeakPlace,
        reporter: Option<&str>,
    ) -> Result<(), KeyError> {
        let (webhook, own) = (leaked.webhook, caller.clone());
        let mut detail = detail(place, reporter);
        (detail["webhook"], detail["host"]) = (json!(webhook), json!(leaked.host));
        self.change(ONE, move |this, mut change| async move {
            if this.is_new_leak(&mut change, &own, (webhook.0, webhook.0), &detail).await? {
                let event = AuditEvent::of(Action::KeyLeaked, detail);
                this.write_audit(&mut change, own.installation, &own, this.now(), vec![event]).await?;
                this.commit(change).await?;
            }
            Ok(())
        })
        .await?;
        tracing::error!(
            %webhook,
            "the signing secret of a webhook has leaked: rotate it (`keydesk webhook rotate-secret ID`), and give its receiver the new one"
        );
        Ok(())
    }

    /// Whether nobody has said yet that this was found at this place: it may be reported as often as somebody likes.
    async fn is_new_leak(
        &self,
        change: &mut Change,
        caller: &Caller,
        (subject, secret): (Uuid, Uuid),
        detail: &Value,
    ) -> Result<bool, KeyError> {
        let place = fingerprint(detail["url"].as_str().unwrap_or_default().as_bytes());
        let place: String = place.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let name = format!("leak:{secret}:{place}");
        change.tell_once(caller.installation, subject, &name, self.now()).await.map_err(failure::public)
    }
}

/// What the audit log keeps of every leak.
fn detail(place: &LeakPlace, reporter: Option<&str>) -> Value {
    json!({ "url": place.url, "source": place.source, "reporter": reporter })
}

/// What becomes of a key one of whose secrets, or a token of it, was found.
fn becomes(record: &StoredRecord, is_token: bool, rule: LeakRule, now: Instant) -> LeakDone {
    if record.kind == KeyKind::Default {
        return LeakDone::DefaultKey;
    }
    // A token ends by itself, and a secret that was rotated away opens nothing: the key is its client's alone.
    let is_over =
        is_token || record.secret_expires_at.is_some_and(|end| end <= now) || record.life.deleted_at.is_some();
    match rule {
        LeakRule::Disable if !is_over && record.life.disabled_at.is_none() => LeakDone::Disabled,
        LeakRule::Revoke if !is_over => LeakDone::Revoked,
        _ => LeakDone::Told,
    }
}
