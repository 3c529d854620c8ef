use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{AdministratorId, KeyId};

/// Who did something, as the audit log keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    /// Keydesk itself, for example at first start.
    System,
    /// Whoever can run the command line on the data.
    Operator,
    /// A caller of the REST API, by its key.
    Key {
        /// The calling key.
        id: KeyId,
    },
    /// Whoever holds a hand-over link. Nobody knows who that is.
    Bearer,
    /// A person signed in to the Workspace.
    Administrator {
        /// The person.
        id: AdministratorId,
    },
}

/// What was done, as the audit log keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Action {
    /// An installation was created.
    #[serde(rename = "installation.create")]
    InstallationCreate,
    /// Another installation came: the first one's log names all.
    #[serde(rename = "installation.add")]
    InstallationAdd,
    /// An installation's title or time zone was changed.
    #[serde(rename = "installation.update")]
    InstallationUpdate,
    /// The ceiling of a client or of the installation was changed: what all its keys may do together.
    #[serde(rename = "ceiling.set")]
    CeilingSet,
    /// `keydesk apply` made the installation what a file says. Each thing that it changed has an entry of its own.
    #[serde(rename = "file.apply")]
    FileApply,
    /// The API Keys module was switched on.
    #[serde(rename = "installation.enable")]
    InstallationEnable,
    /// The API Keys module was switched off.
    #[serde(rename = "installation.disable")]
    InstallationDisable,
    /// The database was copied.
    #[serde(rename = "backup.create")]
    BackupCreate,
    /// A copy of the database took its place.
    #[serde(rename = "backup.restore")]
    BackupRestore,
    /// A key was issued.
    #[serde(rename = "key.issue")]
    KeyIssue,
    /// A key's Client Name was changed.
    #[serde(rename = "key.rename")]
    KeyRename,
    /// Something else of a key was changed.
    #[serde(rename = "key.update")]
    KeyUpdate,
    /// A key was switched off.
    #[serde(rename = "key.disable")]
    KeyDisable,
    /// A key was switched on again.
    #[serde(rename = "key.enable")]
    KeyEnable,
    /// A key got a new secret.
    #[serde(rename = "key.rotate")]
    KeyRotate,
    /// A key's old secret was ended before its time.
    #[serde(rename = "key.end_overlap")]
    KeyEndOverlap,
    /// A restriction of a key is tried from here on. It refuses nothing.
    #[serde(rename = "key.trial.started")]
    KeyTrialStart,
    /// A restriction of a key is tried no longer.
    #[serde(rename = "key.trial.ended")]
    KeyTrialEnd,
    /// A link was made that hands a key's secret over.
    #[serde(rename = "handover.create")]
    HandoverCreate,
    /// A hand-over link was opened and its secret shown.
    #[serde(rename = "handover.open")]
    HandoverOpen,
    /// A hand-over link was withdrawn before anybody opened it.
    #[serde(rename = "handover.withdraw")]
    HandoverWithdraw,
    /// A key was deleted, and with it revoked.
    #[serde(rename = "key.delete")]
    KeyDelete,
    /// A deleted key was restored.
    #[serde(rename = "key.restore")]
    KeyRestore,
    /// A key's secret was shown.
    #[serde(rename = "key.reveal")]
    KeyReveal,
    /// A person or the operator made a derived token of a key.
    #[serde(rename = "key.token_create")]
    KeyTokenCreate,
    /// A webhook that a key has made in the contact centre was switched off, though nobody did it.
    #[serde(rename = "key.webhook_disable")]
    KeyWebhookDisable,
    /// A secret of a key, a token of it, or a webhook's signing secret was found where it must not be: by a signed report, or by the
    /// operator's scan.
    #[serde(rename = "key.leaked")]
    KeyLeaked,
    /// Keys that another system issued were imported: one entry for all of an import.
    #[serde(rename = "key.import")]
    KeyImport,
    /// The list of keys was exported as a table.
    #[serde(rename = "key.export")]
    KeyExport,
    /// The audit log was exported.
    #[serde(rename = "audit.export")]
    AuditExport,
    /// The entries so far, which were not signed, were checked and their end signed.
    #[serde(rename = "audit.adopt")]
    AuditAdopt,
    /// Another audit key signs from here on. The last entry under the previous key.
    #[serde(rename = "audit.key_rotated")]
    AuditKeyRotated,
    /// A pepper or a master key of the keyring is in use from here on.
    #[serde(rename = "keyring.key_added")]
    KeyringKeyAdded,
    /// A pepper or a master key was given up: what still rests on it ends.
    #[serde(rename = "keyring.key_retired")]
    KeyringKeyRetired,
    /// The signed end of the log was missing or was not the end that was found: somebody has altered the log.
    #[serde(rename = "audit.head_lost")]
    AuditHeadLost,
    /// A person was forgotten: name, email address, and where they came from.
    #[serde(rename = "administrator.forget")]
    AdministratorForget,
    /// A person was made an administrator.
    #[serde(rename = "administrator.create")]
    AdministratorCreate,
    /// A link was made with which the first owner is made.
    #[serde(rename = "set_up_link.create")]
    SetUpLinkCreate,
    /// A person was invited to be an administrator.
    #[serde(rename = "administrator.invite")]
    AdministratorInvite,
    /// An invitation was withdrawn before anybody accepted it.
    #[serde(rename = "administrator.withdraw_invitation")]
    AdministratorWithdrawInvitation,
    /// An administrator got another role.
    #[serde(rename = "administrator.set_role")]
    AdministratorSetRole,
    /// An identity provider means an administrator by a subject, from now on.
    #[serde(rename = "administrator.link_identity")]
    AdministratorLinkIdentity,
    /// A link was made by which an administrator sets a new password.
    #[serde(rename = "administrator.reset_password")]
    AdministratorResetPassword,
    /// An administrator's password was changed, by themselves or through a link.
    #[serde(rename = "administrator.change_password")]
    AdministratorChangePassword,
    /// An administrator was disabled: they can't sign in any more.
    #[serde(rename = "administrator.disable")]
    AdministratorDisable,
    /// An administrator was enabled again.
    #[serde(rename = "administrator.enable")]
    AdministratorEnable,
    /// An administrator was removed.
    #[serde(rename = "administrator.remove")]
    AdministratorRemove,
    /// Sessions of an administrator were ended.
    #[serde(rename = "administrator.end_sessions")]
    AdministratorEndSessions,
    /// An administrator gave themselves another name.
    #[serde(rename = "administrator.rename")]
    AdministratorRename,
    /// An administrator chose by whose clocks they read times.
    #[serde(rename = "administrator.set_time_zone")]
    AdministratorSetTimeZone,
    /// An administrator added a second factor.
    #[serde(rename = "administrator.second_factor_add")]
    SecondFactorAdd,
    /// An administrator removed one of their second factors.
    #[serde(rename = "administrator.second_factor_remove")]
    SecondFactorRemove,
    /// All second factors of an administrator were taken away by somebody else.
    #[serde(rename = "administrator.reset_second_factor")]
    SecondFactorReset,
    /// An administrator got new recovery codes; those of before work no more.
    #[serde(rename = "administrator.renew_recovery_codes")]
    RecoveryCodesRenew,
    /// An administrator proved again who they are.
    #[serde(rename = "administrator.confirm")]
    Confirm,
    /// An administrator signed in.
    #[serde(rename = "administrator.sign_in")]
    SignIn,
    /// An administrator signed out.
    #[serde(rename = "administrator.sign_out")]
    SignOut,
    /// A receiver of events was made.
    #[serde(rename = "webhook.create")]
    WebhookCreate,
    /// A receiver of events was changed.
    #[serde(rename = "webhook.update")]
    WebhookUpdate,
    /// A receiver of events was switched on.
    #[serde(rename = "webhook.enable")]
    WebhookEnable,
    /// A receiver of events was switched off.
    #[serde(rename = "webhook.disable")]
    WebhookDisable,
    /// A receiver of events got another secret.
    #[serde(rename = "webhook.rotate_secret")]
    WebhookRotateSecret,
    /// A test event was sent to a receiver.
    #[serde(rename = "webhook.test")]
    WebhookTest,
    /// Events are delivered to a receiver again.
    #[serde(rename = "webhook.redeliver")]
    WebhookRedeliver,
    /// A receiver of events was removed.
    #[serde(rename = "webhook.delete")]
    WebhookDelete,
}

impl Action {
    /// Its name in the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InstallationCreate => "installation.create",
            Self::InstallationAdd => "installation.add",
            Self::InstallationUpdate => "installation.update",
            Self::CeilingSet => "ceiling.set",
            Self::FileApply => "file.apply",
            Self::InstallationEnable => "installation.enable",
            Self::InstallationDisable => "installation.disable",
            Self::BackupCreate => "backup.create",
            Self::BackupRestore => "backup.restore",
            Self::KeyIssue => "key.issue",
            Self::KeyRename => "key.rename",
            Self::KeyUpdate => "key.update",
            Self::KeyDisable => "key.disable",
            Self::KeyEnable => "key.enable",
            Self::KeyRotate => "key.rotate",
            Self::KeyEndOverlap => "key.end_overlap",
            Self::KeyTrialStart => "key.trial.started",
            Self::KeyTrialEnd => "key.trial.ended",
            Self::HandoverCreate => "handover.create",
            Self::HandoverOpen => "handover.open",
            Self::HandoverWithdraw => "handover.withdraw",
            Self::KeyDelete => "key.delete",
            Self::KeyRestore => "key.restore",
            Self::KeyReveal => "key.reveal",
            Self::KeyTokenCreate => "key.token_create",
            Self::KeyWebhookDisable => "key.webhook_disable",
            Self::KeyLeaked => "key.leaked",
            Self::KeyImport => "key.import",
            Self::KeyExport => "key.export",
            Self::AuditExport => "audit.export",
            Self::AuditAdopt => "audit.adopt",
            Self::AuditKeyRotated => "audit.key_rotated",
            Self::KeyringKeyAdded => "keyring.key_added",
            Self::KeyringKeyRetired => "keyring.key_retired",
            Self::AuditHeadLost => "audit.head_lost",
            Self::AdministratorForget => "administrator.forget",
            Self::AdministratorCreate => "administrator.create",
            Self::SetUpLinkCreate => "set_up_link.create",
            Self::AdministratorInvite => "administrator.invite",
            Self::AdministratorWithdrawInvitation => "administrator.withdraw_invitation",
            Self::AdministratorSetRole => "administrator.set_role",
            Self::AdministratorLinkIdentity => "administrator.link_identity",
            Self::AdministratorResetPassword => "administrator.reset_password",
            Self::AdministratorChangePassword => "administrator.change_password",
            Self::AdministratorDisable => "administrator.disable",
            Self::AdministratorEnable => "administrator.enable",
            Self::AdministratorRemove => "administrator.remove",
            Self::AdministratorEndSessions => "administrator.end_sessions",
            Self::AdministratorRename => "administrator.rename",
            Self::AdministratorSetTimeZone => "administrator.set_time_zone",
            Self::SecondFactorAdd => "administrator.second_factor_add",
            Self::SecondFactorRemove => "administrator.second_factor_remove",
            Self::SecondFactorReset => "administrator.reset_second_factor",
            Self::RecoveryCodesRenew => "administrator.renew_recovery_codes",
            Self::Confirm => "administrator.confirm",
            Self::SignIn => "administrator.sign_in",
            Self::SignOut => "administrator.sign_out",
            Self::WebhookCreate => "webhook.create",
            Self::WebhookUpdate => "webhook.update",
            Self::WebhookEnable => "webhook.enable",
            Self::WebhookDisable => "webhook.disable",
            Self::WebhookRotateSecret => "webhook.rotate_secret",
            Self::WebhookTest => "webhook.test",
            Self::WebhookRedeliver => "webhook.redeliver",
            Self::WebhookDelete => "webhook.delete",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
