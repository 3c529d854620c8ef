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
    /// The API Keys module was switched on.
    #[serde(rename = "installation.enable")]
    InstallationEnable,
    /// The API Keys module was switched off.
    #[serde(rename = "installation.disable")]
    InstallationDisable,
    /// A key was issued.
    #[serde(rename = "key.issue")]
    KeyIssue,
    /// A key's Client Name was changed.
    #[serde(rename = "key.rename")]
    KeyRename,
    /// A key was deleted, and with it revoked.
    #[serde(rename = "key.delete")]
    KeyDelete,
    /// A deleted key was restored.
    #[serde(rename = "key.restore")]
    KeyRestore,
    /// A key's secret was shown.
    #[serde(rename = "key.reveal")]
    KeyReveal,
    /// A person was made an administrator.
    #[serde(rename = "administrator.create")]
    AdministratorCreate,
    /// An administrator signed in.
    #[serde(rename = "administrator.sign_in")]
    SignIn,
    /// An administrator signed out.
    #[serde(rename = "administrator.sign_out")]
    SignOut,
}

impl Action {
    /// As it stands in the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InstallationCreate => "installation.create",
            Self::InstallationEnable => "installation.enable",
            Self::InstallationDisable => "installation.disable",
            Self::KeyIssue => "key.issue",
            Self::KeyRename => "key.rename",
            Self::KeyDelete => "key.delete",
            Self::KeyRestore => "key.restore",
            Self::KeyReveal => "key.reveal",
            Self::AdministratorCreate => "administrator.create",
            Self::SignIn => "administrator.sign_in",
            Self::SignOut => "administrator.sign_out",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
