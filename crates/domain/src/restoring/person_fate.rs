use model::{Action, AdministratorId, Instant, Permission, Role};
use serde_json::Value;
use store::{LostEntry, StoredAdministrator};

use super::revoked::{Again, action};

/// What happened to one administrator.
#[derive(Default)]
pub(super) struct PersonFate {
    removed: Option<Instant>,
    disabled: Option<Instant>,
    role: Option<(Instant, Role)>,
    password: Option<Instant>,
    pub(super) forgotten: Option<Instant>,
    unknown: Option<Instant>,
}

/// The administrator an entry concerns; `None`: none, or unreadable.
pub(super) fn administrator(entry: &LostEntry) -> Option<AdministratorId> {
    let detail: Value = serde_json::from_str(&entry.detail).ok()?;
    let id = detail.get("id").or_else(|| detail.get("administrator"))?;
    id.as_str()?.parse().ok()
}

/// Whether an entry takes something from an administrator.
pub(super) fn concerns_people(entry: &LostEntry) -> bool {
    use Action as A;
    matches!(
        action(&entry.action),
        Some(
            A::AdministratorRemove
                | A::AdministratorDisable
                | A::AdministratorEnable
                | A::AdministratorSetRole
                | A::AdministratorChangePassword
        )
    )
}

impl PersonFate {
    pub(super) fn take(&mut self, entry: &LostEntry) {
        let at = entry.at;
        match action(&entry.action) {
            Some(Action::AdministratorRemove) => self.removed = Some(at),
            Some(Action::AdministratorDisable) => self.disabled = Some(at),
            Some(Action::AdministratorEnable) => self.disabled = None,
            Some(Action::AdministratorSetRole) => {
                let detail: Value = serde_json::from_str(&entry.detail).unwrap_or_default();
                match detail["to"].as_str().and_then(|role| role.parse().ok()) {
                    Some(role) => self.role = Some((at, role)),
                    None => self.unknown = Some(at),
                }
            }
            Some(Action::AdministratorChangePassword) => self.password = Some(at),
            Some(Action::AdministratorForget) => self.forgotten = Some(at),
            _ => {}
        }
    }

    /// Those that are not undone since, and go beyond what the backup has. Of somebody who was removed the rest does not matter.
    pub(super) fn revocations(self, backup: &StoredAdministrator) -> Vec<(Instant, Again)> {
        let (id, role) = (backup.administrator.id, backup.administrator.role);
        if let Some(at) = self.removed.or(self.forgotten) {
            return vec![(at, Again::RemoveAdministrator(id))];
        }
        let mut found: Vec<_> = self.unknown.map(|at| (at, Again::ByHand)).into_iter().collect();
        let less = |to: Role| Permission::ALL.into_iter().any(|one| role.may(one) && !to.may(one));
        found.extend(self.role.filter(|(_, to)| less(*to)).map(|(at, to)| (at, Again::SetRole(id, to))));
        let disabled = self.disabled.filter(|_| backup.disabled_at.is_none());
        found.extend(disabled.map(|at| (at, Again::DisableAdministrator(id))));
        found.extend(self.password.map(|at| (at, Again::EndPassword(id))));
        found
    }
}
