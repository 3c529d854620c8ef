//! The two ceremonies of WebAuthn Level 2, as far as they can be decided without a database: a new credential (7.1), and a
//! proof with one (7.2).
//!
//! What is not asked: attestation, since it is nobody's business which make an authenticator is; and user verification,
//! since a passkey stands beside a password or another proof here.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

use super::{authenticator_data::AuthenticatorData, cbor, client_data::ClientData, public_key::PublicKey};

/// Longest answer that is read, in bytes: a credential's id has a kilobyte, and a statement of attestation some certificates.
const ANSWER_MAX: usize = 32 << 10;

/// A credential that an authenticator has just made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewCredential {
    pub(crate) id: Vec<u8>,
    /// In COSE's form.
    pub(crate) public_key: Vec<u8>,
    pub(crate) sign_count: u32,
    /// What it was asked for with. It is not looked at here.
    pub(crate) challenge: String,
}

/// A proof, as the page's script sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assertion {
    /// Of the credential.
    pub(crate) id: Vec<u8>,
    client_data: Vec<u8>,
    authenticator_data: Vec<u8>,
    signature: Vec<u8>,
}

/// A proof that is good, for whoever has given this challenge and never saw it answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proved {
    pub(crate) sign_count: u32,
    pub(crate) challenge: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Created {
    client_data: String,
    attestation: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    id: String,
    client_data: String,
    authenticator_data: String,
    signature: String,
}

impl NewCredential {
    /// Reads what the script of a page of this origin sends of a credential that was made for it. `None`: it was not, or can't be
    /// read.
    pub(crate) fn read(answer: &str, origin: &str) -> Option<Self> {
        let Created { client_data, attestation } = json(answer)?;
        let client_data: ClientData = serde_json::from_slice(&decode(&client_data)?).ok()?;
        if !client_data.is("webauthn.create", origin) {
            return None;
        }
        let attestation = decode(&attestation)?;
        let (object, rest) = cbor::read(&attestation)?;
        let data = AuthenticatorData::read(object.of_text("authData")?.bytes()?)?;
        if !rest.is_empty() || data.site != site(origin)? || !data.is_sound() {
            return None;
        }
        let made = data.made?;
        Some(Self {
            id: made.id,
            public_key: made.public_key,
            sign_count: data.sign_count,
            challenge: client_data.challenge,
        })
    }
}

impl Assertion {
    /// Reads a proof, which may be anybody's.
    pub(crate) fn read(answer: &str) -> Option<Self> {
        let Answered { id, client_data, authenticator_data, signature } = json(answer)?;
        Some(Self {
            id: decode(&id)?,
            client_data: decode(&client_data)?,
            authenticator_data: decode(&authenticator_data)?,
            signature: decode(&signature)?,
        })
    }

    /// Whether this key has signed it, for a page of this origin.
    pub(crate) fn proved(&self, public_key: &[u8], origin: &str) -> Option<Proved> {
        let client_data: ClientData = serde_json::from_slice(&self.client_data).ok()?;
        let data = AuthenticatorData::read(&self.authenticator_data)?;
        let is_for_us = client_data.is("webauthn.get", origin) && data.site == site(origin)? && data.is_sound();
        let (key, rest) = PublicKey::read(public_key)?;
        let signed = [&self.authenticator_data[..], digest(&SHA256, &self.client_data).as_ref()].concat();
        (is_for_us && rest.is_empty() && key.has_signed(&signed, &self.signature))
            .then_some(Proved { sign_count: data.sign_count, challenge: client_data.challenge })
    }
}

fn json<'a, T: Deserialize<'a>>(answer: &'a str) -> Option<T> {
    if answer.len() > ANSWER_MAX {
        return None;
    }
    serde_json::from_str(answer).ok()
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// SHA-256 of the name by which authenticators know the site of this origin: its host.
fn site(origin: &str) -> Option<[u8; 32]> {
    let (_, authority) = origin.split_once("://")?;
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, host.as_bytes()).as_ref());
    Some(hash)
}

#[cfg(test)]
mod tests;
