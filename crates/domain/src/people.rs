use model::{AdminError, Person};

use crate::{
    Caller, Keydesk,
    account::{public, require_people},
    session_life::sessions_ended,
};

impl Keydesk {
    /// The administrators of the caller's installation, and after them those who are invited, in the order in which they
    /// came.
    pub async fn people(&self, caller: &Caller) -> Result<Vec<Person>, AdminError> {
        require_people(caller)?;
        let (store, now) = (&self.inner.store, self.now());
        let mut people = store.administrators(caller.installation, sessions_ended(now)).await.map_err(public)?;
        let invitations = store.invitations(caller.installation, now).await.map_err(public)?;
        people.extend(invitations.into_iter().map(Person::from));
        Ok(people)
    }
}
