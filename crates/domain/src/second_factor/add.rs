use model::{Action, AdminError, ClientName, PASSKEYS_MAX, Passkey, PasskeyId, PlainSecret};
use serde_json::json;
use store::{Change, StoredAdministrator, StoredPasskey, StoredTotp};

use super::{app, challenge::Ceremony, own::themselves, recovery_codes};
use crate::{
    Keydesk, PasskeyAnswer, Session, Via, account::public, fingerprint, passkey::NewCredential, ticket::TicketKind,
    turn::ONE,
};

/// What setting an authenticator app up begins with. Nothing of it is kept until a code proves that the app has it.
#[derive(Clone, Debug)]
pub struct NewApp {
    /// The secret, in base 32 as it is typed.
    pub secret: PlainSecret,
    /// The same with a name, as an app reads it from a picture.
    pub uri: PlainSecret,
    /// What the form brings back. It holds the secret.
    pub ticket: PlainSecret,
}

/// An hour: people look for an app first.
const SETUP: TicketKind = TicketKind { purpose: b"keydesk/new-app/1\0", life_ms: 60 * 60 * 1000 };

impl Keydesk {
    /// A new secret for an authenticator app of the person whose session this is.
    pub fn new_app(&self, session: &Session) -> NewApp {
        let secret = app::new_secret(&*self.inner.entropy);
        self.app_of(session, secret)
    }

    /// The same with the secret of this ticket, so that what an app has been given already stays good; a new one if the ticket is
    /// too old.
    pub fn same_app(&self, session: &Session, ticket: &str) -> NewApp {
        match self.secret_of(session, ticket) {
            Some(secret) => self.app_of(session, secret),
            None => self.new_app(session),
        }
    }

    fn app_of(&self, session: &Session, secret: PlainSecret) -> NewApp {
        let ticket = self.ticket(&SETUP, secret.expose().as_bytes(), session.administrator.id.0.as_bytes());
        NewApp { uri: app::uri(&secret, &session.administrator.email), secret, ticket }
    }

    fn secret_of(&self, session: &Session, ticket: &str) -> Option<PlainSecret> {
        let says = self.read_ticket(&SETUP, ticket, session.administrator.id.0.as_bytes())?;
        str::from_utf8(&says).ok().map(|text| PlainSecret::new(text.to_owned()))
    }

    /// Gives the person whose session this is an authenticator app, which proves with a code that it has the ticket's secret. With
    /// their first second factor they get recovery codes, which are told once.
    pub async fn add_app(
        &self,
        session: &Session,
        ticket: &str,
        code: &PlainSecret,
    ) -> Result<Vec<PlainSecret>, AdminError> {
        let secret = self.secret_of(session, ticket).ok_or(AdminError::SetupOver)?;
        let (code, via) = (recovery_codes::plain(code), session.via.clone());
        self.change_factors(session, ONE, move |this, person, mut change| async move {
            let (id, now) = (person.administrator.id, this.now());
            let last_step = app::step_of(&secret, &code, now).ok_or(AdminError::WrongCode)?;
            let before = this.factors_in(&mut change, &person).await?;
            let row = (person.installation, id);
            let sealed = app::seal(&this.keyring(), &*this.inner.entropy, row, &secret);
            let secret = sealed.ok_or(AdminError::Unavailable)?;
            let installation = person.installation;
            let new = StoredTotp { installation, administrator: id, secret, created_at: now, last_step };
            if !change.insert_totp(&new).await.map_err(public)? {
                return Err(AdminError::AppThere);
            }
            this.added(change, &person, before.any(), json!({ "id": id, "kind": "app" }), &via).await
        })
        .await
    }

    /// Gives the person whose session this is a passkey that was made for it, by the name that they call it.
    pub async fn add_passkey(
        &self,
        session: &Session,
        name: &str,
        made: PasskeyAnswer,
    ) -> Result<Vec<PlainSecret>, AdminError> {
        let name = ClientName::parse(name).map_err(|_| AdminError::InvalidName)?;
        let ceremony = Ceremony::Add(session.id);
        let new = NewCredential::read(&made.answer, &made.origin);
        let new = new.filter(|new| self.is_challenge(ceremony, &new.challenge)).ok_or(AdminError::WrongPasskey)?;
        let via = session.via.clone();
        self.change_factors(session, ONE, move |this, person, mut change| async move {
            let (id, now) = (person.administrator.id, this.now());
            let spent = fingerprint(new.challenge.as_bytes());
            if !change.spend_challenge(&spent, now).await.map_err(public)? {
                return Err(AdminError::WrongPasskey);
            }
            let before = this.factors_in(&mut change, &person).await?;
            if before.passkeys.len() >= PASSKEYS_MAX {
                return Err(AdminError::TooManyPasskeys);
            }
            let passkey =
                Passkey { id: PasskeyId(this.new_id(now)), name: name.into(), created_at: now, last_used_at: None };
            let detail = json!({ "id": id, "kind": "passkey", "passkey": passkey.id });
            let new = StoredPasskey {
                administrator: id,
                passkey,
                credential_id: new.id,
                public_key: new.public_key,
                sign_count: new.sign_count,
            };
            // It is somebody's already, who was given it by the same authenticator.
            if !change.insert_passkey(&new).await.map_err(public)? {
                return Err(AdminError::WrongPasskey);
            }
            this.added(change, &person, before.any(), detail, &via).await
        })
        .await
    }

    /// Ends the addition of a second factor. The first one comes with recovery codes.
    async fn added(
        &self,
        mut change: Change,
        person: &StoredAdministrator,
        had_any: bool,
        detail: serde_json::Value,
        via: &Via,
    ) -> Result<Vec<PlainSecret>, AdminError> {
        let codes = if had_any { Vec::new() } else { self.put_codes(&mut change, person).await? };
        let by = themselves(person, via);
        self.audit_account(&mut change, person.installation, by, Action::SecondFactorAdd, detail).await?;
        change.commit().await.map_err(public)?;
        Ok(codes)
    }
}
