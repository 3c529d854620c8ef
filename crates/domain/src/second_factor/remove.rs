use model::{Action, AdminError, PasskeyId};
use serde_json::json;

use super::own::themselves;
use crate::{Keydesk, Session, account::public, turn::REVOKES};

/// Which second factor is to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// The authenticator app.
    App,
    /// This passkey.
    Passkey(PasskeyId),
}

impl Keydesk {
    /// Removes a second factor of the person whose session this is, and with the last one their recovery codes. The last one stays
    /// where the installation asks them for one.
    pub async fn remove_second_factor(&self, session: &Session, which: Removal) -> Result<(), AdminError> {
        let via = session.via.clone();
        self.change_factors(session, REVOKES, move |this, person, mut change| async move {
            let (installation, id) = (person.installation, person.administrator.id);
            let before = this.factors_in(&mut change, &person).await?;
            let (removed, detail) = match which {
                Removal::App => (change.delete_totp(id).await, json!({ "id": id, "kind": "app" })),
                Removal::Passkey(passkey) => {
                    let detail = json!({ "id": id, "kind": "passkey", "passkey": passkey });
                    (change.delete_passkey(id, passkey).await, detail)
                }
            };
            if !removed.map_err(public)? {
                return Err(AdminError::NoSecondFactor);
            }
            if before.count() == 1 {
                let required = this.remembered(installation).map(|of| of.required_second_factor).unwrap_or_default();
                if required.asks(person.administrator.role) {
                    return Err(AdminError::LastSecondFactor);
                }
                change.delete_recovery_codes(id).await.map_err(public)?;
                change.forget_code_guesses(id).await.map_err(public)?;
            }
            let by = themselves(&person, &via);
            this.audit_account(&mut change, installation, by, Action::SecondFactorRemove, detail).await?;
            change.commit().await.map_err(public)
        })
        .await
    }
}
