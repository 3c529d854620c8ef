use model::{HintEnd, Key, KeyError, KeyInText, PlainSecret, may_be_imported, presented_key};

use crate::{Caller, Keydesk};

/// What is known of a text in which somebody looks for a key.
#[derive(Clone, Debug)]
pub enum LookedUp {
    /// It holds this key, which may be deleted, or a secret of it that no longer works.
    Found(Box<Key>),
    /// It holds the key of nobody whom the caller may know.
    Unknown,
    /// It holds a key that is mistyped or cut off.
    Mistyped,
    /// It holds no key.
    NoKey,
}

impl Keydesk {
    /// Whose key a text holds, however it was pasted: what somebody found in a log, a mail or a program. It is a read like that of
    /// a list and has no audit entry: it tells nothing that the list does not.
    pub async fn look_up_key(&self, caller: &Caller, text: &str) -> Result<LookedUp, KeyError> {
        self.require_open(caller)?;
        let secret = match self.inner.format.find_in(text) {
            // A token is its key's.
            Some(KeyInText::Whole(secret) | KeyInText::Token(secret)) => secret,
            Some(KeyInText::Mistyped) => return Ok(LookedUp::Mistyped),
            found @ (Some(KeyInText::Foreign) | None) => {
                let otherwise = if found.is_some() { LookedUp::Unknown } else { LookedUp::NoKey };
                return self.look_up_imported(caller, text, otherwise).await;
            }
        };
        self.look_up_secret(caller, &secret, LookedUp::Unknown).await
    }

    /// Whose key the text is, if it is one that was imported: those have no form by which they could be found in a text.
    async fn look_up_imported(&self, caller: &Caller, text: &str, otherwise: LookedUp) -> Result<LookedUp, KeyError> {
        let text = presented_key(text);
        if !may_be_imported(text) {
            return Ok(otherwise);
        }
        self.look_up_secret(caller, &PlainSecret::new(text.to_owned()), otherwise).await
    }

    async fn look_up_secret(
        &self,
        caller: &Caller,
        secret: &PlainSecret,
        otherwise: LookedUp,
    ) -> Result<LookedUp, KeyError> {
        let whose = self.verifier().whose(secret).await.map_err(|_| KeyError::Unavailable)?;
        let Some(whose) = whose.filter(|whose| whose.installation == caller.installation) else {
            return Ok(otherwise);
        };
        match self.get(caller, whose.key).await {
            Ok(key) => Ok(LookedUp::Found(Box::new(key))),
            Err(KeyError::NotFound) => Ok(otherwise),
            Err(error) => Err(error),
        }
    }

    /// The keys of which a secret has a hint that ends so, deleted ones, too, oldest first.
    pub async fn look_up_hint(&self, caller: &Caller, end: &HintEnd) -> Result<Vec<Key>, KeyError> {
        self.require_open(caller)?;
        let store = &self.inner.store;
        let ids = store.keys_by_hint(caller.installation, end).await.map_err(crate::failure::public)?;
        let mut keys = Vec::with_capacity(ids.len());
        for id in ids {
            match self.get(caller, id).await {
                Ok(key) => keys.push(key),
                Err(KeyError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(keys)
    }
}
