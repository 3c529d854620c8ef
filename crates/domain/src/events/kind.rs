use model::{Action, Actor, InstallationId, Subject, SubjectKind, WebhookId};
use serde_json::Value;
use uuid::Uuid;

use crate::audit::AuditEvent;

/// The type of the event that tells of an action; `None`: nobody is told.
pub(super) fn kind(action: Action) -> Option<&'static str> {
    use Action as A;
    Some(match action {
        A::KeyIssue => "key.created",
        A::KeyImport => "key.imported",
        A::KeyRename | A::KeyUpdate | A::KeyEndOverlap => "key.updated",
        A::KeyDisable => "key.disabled",
        A::KeyEnable => "key.enabled",
        A::KeyRotate => "key.rotated",
        A::KeyDelete => "key.deleted",
        A::KeyRestore => "key.restored",
        // Whoever opens a hand-over link sees the secret, too.
        A::KeyReveal | A::HandoverOpen => "key.revealed",
        A::KeyTokenCreate => "key.token_created",
        A::KeyWebhookDisable => "key.webhook_disabled",
        A::KeyLeaked => "key.leaked",
        A::AdministratorCreate => "administrator.created",
        A::AdministratorInvite => "administrator.invited",
        A::AdministratorWithdrawInvitation => "administrator.invitation_withdrawn",
        A::AdministratorSetRole => "administrator.role_changed",
        A::AdministratorLinkIdentity => "administrator.identity_linked",
        A::AdministratorResetPassword => "administrator.password_reset",
        A::AdministratorChangePassword => "administrator.password_changed",
        A::AdministratorDisable => "administrator.disabled",
        A::AdministratorEnable => "administrator.enabled",
        A::AdministratorRemove => "administrator.removed",
        A::AdministratorEndSessions => "administrator.sessions_ended",
        A::AdministratorForget => "administrator.forgotten",
        A::AdministratorRename => "administrator.renamed",
        A::SecondFactorAdd => "administrator.second_factor_added",
        A::SecondFactorRemove => "administrator.second_factor_removed",
        A::SecondFactorReset => "administrator.second_factor_reset",
        A::RecoveryCodesRenew => "administrator.recovery_codes_renewed",
        A::SignIn => "administrator.signed_in",
        A::SignOut => "administrator.signed_out",
        A::WebhookCreate => "webhook.created",
        A::WebhookUpdate => "webhook.updated",
        A::WebhookEnable => "webhook.enabled",
        A::WebhookDisable => "webhook.disabled",
        A::WebhookRotateSecret => "webhook.secret_rotated",
        A::WebhookRedeliver => "webhook.redelivered",
        A::WebhookDelete => "webhook.deleted",
        A::WebhookTest => "webhook.test",
        A::InstallationCreate
        | A::InstallationAdd
        | A::InstallationUpdate
        | A::InstallationEnable
        | A::InstallationDisable
        | A::CeilingSet
        // Nobody else notices either of these.
        | A::Confirm
        | A::AdministratorSetTimeZone
        // What it changed is told one by one.
        | A::FileApply
        // Callers notice nothing of a trial.
        | A::KeyTrialStart
        | A::KeyTrialEnd
        | A::BackupCreate
        | A::BackupRestore
        | A::HandoverCreate
        | A::HandoverWithdraw
        | A::KeyExport
        | A::AuditExport
        | A::AuditAdopt
        | A::AuditKeyRotated
        | A::KeyringKeyAdded
        | A::KeyringKeyRetired
        | A::AuditHeadLost
        | A::SetUpLinkCreate => return None,
    })
}

/// What an event is about. People who do something to themselves are its actors.
pub(super) fn subject(event: &AuditEvent, kind: &str, actor: Actor, installation: InstallationId) -> Subject {
    if let Some(key) = event.key {
        return Subject { kind: SubjectKind::Key, id: key.0 };
    }
    let named = |name: &str| event.detail.get(name).and_then(Value::as_str).and_then(|id| id.parse::<Uuid>().ok());
    let of = match kind.split_once('.') {
        Some(("administrator", _)) => named("id").or_else(|| named("administrator")).or(match actor {
            Actor::Administrator { id } => Some(id.0),
            _ => None,
        }),
        Some(("webhook", _)) => named("webhook"),
        _ => None,
    };
    match (of, kind.starts_with("webhook")) {
        (Some(id), true) => Subject { kind: SubjectKind::Webhook, id },
        (Some(id), false) => Subject { kind: SubjectKind::Administrator, id },
        (None, _) => Subject { kind: SubjectKind::Installation, id: installation.0 },
    }
}

/// The one receiver that is told; `None`: all are.
pub(super) fn target(kind: &str, subject: Subject) -> Option<WebhookId> {
    (kind == "webhook.test").then_some(WebhookId(subject.id))
}
