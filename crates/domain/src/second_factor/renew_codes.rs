use model::{Action, AdminError, PlainSecret};
use serde_json::json;
use store::{Change, StoredAdministrator};

use super::{own::themselves, recovery_codes};
use crate::{Keydesk, Session, account::public, turn::ONE};

impl Keydesk {
    /// Gives the person whose session this is new recovery codes, which are told once. The old ones are over.
    pub async fn renew_recovery_codes(&self, session: &Session) -> Result<Vec<PlainSecret>, AdminError> {
        let via = session.via.clone();
        self.change_factors(session, ONE, move |this, person, mut change| async move {
            if !this.factors_in(&mut change, &person).await?.any() {
                return Err(AdminError::NoSecondFactor);
            }
            let codes = this.put_codes(&mut change, &person).await?;
            let (by, action) = (themselves(&person, &via), Action::RecoveryCodesRenew);
            let detail = json!({ "id": person.administrator.id });
            this.audit_account(&mut change, person.installation, by, action, detail).await?;
            change.commit().await.map_err(public)?;
            Ok(codes)
        })
        .await
    }

    /// Puts new recovery codes in the place of those that a person has.
    pub(super) async fn put_codes(
        &self,
        change: &mut Change,
        person: &StoredAdministrator,
    ) -> Result<Vec<PlainSecret>, AdminError> {
        let id = person.administrator.id;
        let codes = recovery_codes::new(&*self.inner.entropy);
        let hashes: Vec<_> = codes.iter().map(|code| recovery_codes::hash(id, &recovery_codes::plain(code))).collect();
        change.put_recovery_codes(id, &hashes).await.map_err(public)?;
        Ok(codes)
    }
}
