use model::{Action, KeyError, KeyId, Scope, TokenClaims, TokenWish};
use serde_json::json;
use store::Change;
use verify::MadeToken;

use crate::{
    Caller, Keydesk,
    audit::AuditEvent,
    done::{Done, SAME_REVEAL_MS},
    failure,
    update::living,
};

impl Keydesk {
    /// Makes a derived token of a key for a person or the operator, who may have the key's secret. It ends with the newest secret of the
    /// key. The audit log has it before it is shown.
    ///
    /// What a key makes for itself is no change: see [`verify::Verifier::make_token`].
    pub async fn make_token(&self, caller: &Caller, id: KeyId, wish: TokenWish) -> Result<MadeToken, KeyError> {
        self.change_as(caller, move |this, caller, mut change| async move {
            match this.done_within(&mut change, &caller, SAME_REVEAL_MS).await? {
                None => {}
                Some(Done::Token(claims)) if claims.sub == id => {
                    return this.token_again(&mut change, &caller, *claims).await;
                }
                Some(_) => return Err(KeyError::IdempotencyMismatch),
            }
            let key = living(&mut change, &caller, id, None).await?;
            caller.require_secret(&key)?;
            let (installation, now) = (caller.installation, this.now());
            let name = this.installation_name(installation).ok_or(KeyError::NoInstallation)?;
            let records = change.records_of_key(installation, id).await.map_err(failure::public)?;
            let newest = records.iter().find(|record| record.secret_expires_at.is_none()).ok_or(KeyError::NotFound)?;
            let claims =
                this.verifier().token_claims(newest, &name, wish, this.new_id(now), now).map_err(for_people)?;
            let token = this.verifier().sign_token(&claims)?;
            let detail = json!({
                "token": claims.jti,
                "scopes": claims.scope,
                "origin": claims.origin,
                "resources": claims.resources,
                "expires_at": claims.expires_at(),
            });
            let event = AuditEvent::on_key(Action::KeyTokenCreate, id, detail);
            this.write_audit(&mut change, installation, &caller, now, vec![event]).await?;
            this.keep(&mut change, &caller, Done::Token(Box::new(claims.clone()))).await?;
            this.commit(change).await?;
            this.verifier().tell_origin_of(&claims).await;
            Ok(MadeToken { claims, token })
        })
        .await
    }

    /// The token of an earlier answer, while its maker may have it.
    pub(crate) async fn token_again(
        &self,
        change: &mut Change,
        caller: &Caller,
        claims: TokenClaims,
    ) -> Result<MadeToken, KeyError> {
        let key = living(change, caller, claims.sub, None).await?;
        caller.require_secret(&key)?;
        let token = self.verifier().sign_token(&claims)?;
        Ok(MadeToken { claims, token })
    }
}

/// Why a token can't be made, for whoever is not the key itself.
fn for_people(error: KeyError) -> KeyError {
    let invalid = |field: &str, reason: String| KeyError::InvalidSetting { field: field.to_owned(), reason };
    match error {
        KeyError::ScopeEscalation { missing } => {
            let missing = missing.iter().map(Scope::as_str).collect::<Vec<_>>().join(", ");
            invalid("scopes", format!("The key does not hold {missing}."))
        }
        KeyError::BoundsEscalation { field } => invalid(&field, "The key can't be used from that origin.".to_owned()),
        other => other,
    }
}
