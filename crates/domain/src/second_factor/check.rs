use model::{AdminError, AdministratorId, Instant, PlainSecret};
use store::{Change, StoredAdministrator};

use super::{app, challenge::Ceremony, guesses, recovery_codes};
use crate::{Keydesk, PasskeyAnswer, account::public, fingerprint, passkey::Assertion, proof::Way};

/// What was found when a second factor was checked. Either is to be committed: what was used is used, and what was wrong counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Checked {
    Right(Way),
    Wrong(AdminError),
}

impl Keydesk {
    /// Checks a code of a person's app, or one of their recovery codes, and uses it up. After several wrong ones it waits.
    pub(crate) async fn check_code(
        &self,
        change: &mut Change,
        person: &StoredAdministrator,
        typed: &PlainSecret,
    ) -> Result<Checked, AdminError> {
        let (id, now) = (person.administrator.id, self.now());
        let before = change.code_guesses(id).await.map_err(public)?;
        guesses::require_turn(before, now)?;
        let plain = recovery_codes::plain(typed);
        let way = match plain.len() {
            app::DIGITS => self.use_code(change, person, &plain, now).await?.then_some(Way::App),
            recovery_codes::LENGTH => {
                let hash = recovery_codes::hash(id, &plain);
                change.use_recovery_code(id, &hash).await.map_err(public)?.then_some(Way::RecoveryCode)
            }
            _ => None,
        };
        let Some(way) = way else {
            change.put_code_guesses(id, guesses::one_more(before, now)).await.map_err(public)?;
            return Ok(Checked::Wrong(AdminError::WrongCode));
        };
        if before.is_some() {
            change.forget_code_guesses(id).await.map_err(public)?;
        }
        Ok(Checked::Right(way))
    }

    /// Whether this is a code of the person's app that was not used before. It is from now on.
    async fn use_code(
        &self,
        change: &mut Change,
        person: &StoredAdministrator,
        code: &str,
        now: Instant,
    ) -> Result<bool, AdminError> {
        let id = person.administrator.id;
        let Some(stored) = change.totp(id).await.map_err(public)? else { return Ok(false) };
        let secret = app::open(&self.keyring(), (person.installation, id), &stored.secret).ok_or_else(|| {
            tracing::error!(person = %id, master_key = %stored.secret.master_key_id, "the secret of an authenticator app does not open; is its master key still in the keyring?");
            AdminError::Unavailable
        })?;
        match app::step_of(&secret, code, now) {
            Some(step) => change.use_totp(id, step).await.map_err(public),
            None => Ok(false),
        }
    }

    /// Checks the answer of one of a person's passkeys, and uses its challenge up.
    pub(crate) async fn check_passkey(
        &self,
        change: &mut Change,
        id: AdministratorId,
        PasskeyAnswer { answer, origin }: &PasskeyAnswer,
        ceremony: Ceremony,
    ) -> Result<Checked, AdminError> {
        const WRONG: Checked = Checked::Wrong(AdminError::WrongPasskey);
        let Some(assertion) = Assertion::read(answer) else { return Ok(WRONG) };
        let own = change.passkeys(id).await.map_err(public)?;
        let named = own.iter().find(|own| own.credential_id == assertion.id);
        let proved = named.and_then(|named| Some((named, assertion.proved(&named.public_key, origin)?)));
        let Some((named, proved)) = proved.filter(|(_, proved)| self.is_challenge(ceremony, &proved.challenge)) else {
            return Ok(WRONG);
        };
        let now = self.now();
        let spent = fingerprint(proved.challenge.as_bytes());
        if !change.spend_challenge(&spent, now).await.map_err(public)? {
            return Ok(WRONG);
        }
        if !change.use_passkey(id, named.passkey.id, proved.sign_count, now).await.map_err(public)? {
            tracing::warn!(person = %id, passkey = %named.passkey.id, "a passkey was refused: its counter has not moved, so there may be two of it");
            return Ok(WRONG);
        }
        Ok(Checked::Right(Way::Passkey))
    }
}
