//! Where signing in ends, whatever somebody has proved: a password, the link to a new one, or what another way in asks for.

use model::{AdminError, AdministratorId, InstallationId, PlainSecret};
use store::{Change, StoredAdministrator, TokenHash};
use uuid::Uuid;

use crate::{Keydesk, SignedIn, Via, Ways, fingerprint, how::How, proof::Way, ticket::TicketKind};

/// What came of an attempt to sign in.
#[derive(Clone, Debug)]
pub enum SigningIn {
    /// They are signed in.
    In(SignedIn),
    /// A second factor is asked for.
    Second(SecondStep),
}

/// The second step of a sign-in.
#[derive(Clone, Debug)]
pub struct SecondStep {
    /// Says who has taken the first step, for 10 minutes. It opens nothing without a second factor.
    pub token: PlainSecret,
    /// In which ways the second can be taken.
    pub ways: Ways,
}

/// As long as the challenge of a passkey is good that the step is asked with.
const STEP: TicketKind = TicketKind { purpose: b"keydesk/second-step/1\0", life_ms: 10 * 60 * 1000 };

impl SigningIn {
    /// Whoever is signed in; `None`: a second factor is asked for.
    pub fn signed_in(self) -> Option<SignedIn> {
        match self {
            Self::In(signed_in) => Some(signed_in),
            Self::Second(_) => None,
        }
    }
}

impl Keydesk {
    /// Lets a person in who has proved who they are: begins a session, unless they have a second factor and must prove that, too,
    /// whatever they have proved first. Either is to be committed.
    pub(crate) async fn enter(
        &self,
        change: &mut Change,
        person: &StoredAdministrator,
        brought: Option<&TokenHash>,
        how: How,
        via: &Via,
    ) -> Result<SigningIn, AdminError> {
        if person.disabled_at.is_some() {
            return Err(AdminError::AccountDisabled);
        }
        let administrator = person.administrator.clone();
        if let Some(ways) = self.second_ways(change, &administrator).await? {
            let token = self.ticket(&STEP, &says(person, how.first), &[]);
            return Ok(SigningIn::Second(SecondStep { token, ways }));
        }
        let of = (person.installation, administrator.id);
        let token = self.begin_session(change, of, brought, how, via).await?;
        Ok(SigningIn::In(SignedIn { token, administrator }))
    }

    /// In which ways the second step can be taken that this token is of: for a page that asks again.
    pub async fn ways_of_step(&self, token: &str) -> Result<Ways, AdminError> {
        let step = self.second_step(token).ok_or(AdminError::SignInOver)?;
        self.ways_to_sign_in(step.person).await
    }

    /// What the token of a second step says, if it is one.
    pub(crate) fn second_step(&self, token: &str) -> Option<Step> {
        Step::read(&self.read_ticket(&STEP, token, &[])?)
    }
}

/// Who has taken the first step.
pub(crate) struct Step {
    pub(crate) installation: InstallationId,
    pub(crate) person: AdministratorId,
    /// By what they have proved first who they are.
    pub(crate) first: Way,
    password: TokenHash,
}

/// The ways of a first step, each at its number in a ticket.
const FIRST: [Way; 2] = [Way::Password, Way::Organisation];

impl Step {
    fn read(says: &[u8]) -> Option<Self> {
        let (installation, rest) = says.split_first_chunk::<16>()?;
        let (person, rest) = rest.split_first_chunk::<16>()?;
        let (first, password) = rest.split_first()?;
        Some(Self {
            installation: InstallationId(Uuid::from_bytes(*installation)),
            person: AdministratorId(Uuid::from_bytes(*person)),
            first: *FIRST.get(usize::from(*first))?,
            password: password.try_into().ok()?,
        })
    }

    /// Whether what they have proved is still so: another password begins anew.
    pub(crate) fn is_of(&self, person: &StoredAdministrator) -> bool {
        self.password == fingerprint(person.password_hash.as_bytes())
    }
}

fn says(person: &StoredAdministrator, first: Way) -> Vec<u8> {
    let first = u8::from(first == Way::Organisation);
    let password = fingerprint(person.password_hash.as_bytes());
    [&person.installation.0.as_bytes()[..], person.administrator.id.0.as_bytes(), &[first], &password].concat()
}
