use crate::Role;

/// What an administrator's role can allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// See keys: their names, hints, scopes and states.
    ReadKeys,
    /// See counted calls.
    ReadUsage,
    /// See what is noted down about keys: notes and metadata.
    ReadKeyNotes,
    /// Every verb on issued keys: create, change, disable, rotate, reveal, hand over, delete, restore.
    ManageKeys,
    /// See, make and change receivers of events, and have events delivered again.
    ManageWebhooks,
    /// Read the audit log.
    ReadAudit,
    /// Get the secret of the Default API Key: reveal it, hand it over, rotate it.
    UseDefaultKey,
    /// Take the audit log out of Keydesk.
    ExportAudit,
    /// Invite, change and remove administrators.
    ManagePeople,
    /// Change the installation's own settings, and switch the API Keys module on and off.
    ManageInstallation,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::ReadKeys,
        Self::ReadUsage,
        Self::ReadKeyNotes,
        Self::ManageKeys,
        Self::ManageWebhooks,
        Self::ReadAudit,
        Self::UseDefaultKey,
        Self::ExportAudit,
        Self::ManagePeople,
        Self::ManageInstallation,
    ];

    /// Its name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::ReadKeys => "See keys",
            Self::ReadUsage => "See usage",
            Self::ReadKeyNotes => "See notes and metadata of keys",
            Self::ManageKeys => "Create, change, disable, rotate, reveal, hand over, delete and restore keys",
            Self::ManageWebhooks => "Manage webhooks",
            Self::ReadAudit => "Read the audit log",
            Self::UseDefaultKey => "Reveal, hand over and rotate the Default API Key",
            Self::ExportAudit => "Export the audit log",
            Self::ManagePeople => "Manage administrators",
            Self::ManageInstallation => "Change the installation's settings",
        }
    }
}

impl Role {
    /// Whether it allows this. Each role allows what the one below it does.
    pub const fn may(self, permission: Permission) -> bool {
        use Permission as P;
        match permission {
            P::ReadKeys | P::ReadUsage => true,
            P::ReadKeyNotes | P::ManageKeys | P::ManageWebhooks | P::ReadAudit => {
                matches!(self, Self::Manager | Self::Owner)
            }
            P::UseDefaultKey | P::ExportAudit | P::ManagePeople | P::ManageInstallation => matches!(self, Self::Owner),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_may_do_more_than_a_manager_and_a_manager_more_than_a_viewer() {
        let allowed = |role: Role| Permission::ALL.into_iter().filter(move |one| role.may(*one)).collect::<Vec<_>>();
        use Permission as P;
        assert_eq!(allowed(Role::Viewer), [P::ReadKeys, P::ReadUsage]);
        let managed = [P::ReadKeys, P::ReadUsage, P::ReadKeyNotes, P::ManageKeys, P::ManageWebhooks, P::ReadAudit];
        assert_eq!(allowed(Role::Manager), managed);
        assert_eq!(allowed(Role::Owner), P::ALL);
    }
}
