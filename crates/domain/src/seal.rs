//! Sealed copies: AES-256-GCM under a data key of the row's own, which is wrapped by the master key.
//!
//! The associated data bind installation, key, secret and master key, so a copy that was moved to another row, or under
//! another key's id, does not open.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use model::{InstallationId, KeyId, PlainSecret, SecretId};
use store::SealedCopy;
use zeroize::Zeroizing;

use crate::{Entropy, Keyring};

/// The row that a copy belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) installation: InstallationId,
    pub(crate) key: KeyId,
    pub(crate) secret: SecretId,
}

impl Row {
    fn associated(self, master_id: &str) -> Vec<u8> {
        let ids = [self.installation.0, self.key.0, self.secret.0];
        let mut data = b"keydesk/sealed-secret/1\0".to_vec();
        ids.iter().for_each(|id| data.extend_from_slice(id.as_bytes()));
        data.extend_from_slice(master_id.as_bytes());
        data
    }
}

/// Seals a secret for its row. `None` only if the cipher itself fails.
pub(crate) fn seal(keyring: &Keyring, entropy: &dyn Entropy, row: Row, secret: &PlainSecret) -> Option<SealedCopy> {
    seal_for(keyring, entropy, |master_id| row.associated(master_id), secret)
}

/// Seals a secret for whatever the associated data name, under the id of the master key.
pub(crate) fn seal_for(
    keyring: &Keyring,
    entropy: &dyn Entropy,
    associated: impl Fn(&str) -> Vec<u8>,
    secret: &PlainSecret,
) -> Option<SealedCopy> {
    let master_key_id = keyring.master_id().to_owned();
    let data = associated(&master_key_id);
    let mut data_key = Zeroizing::new([0; 32]);
    entropy.fill(&mut data_key[..]);
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &data_key[..]).ok()?);
    Some(SealedCopy {
        wrapped_key: seal_bytes(keyring.master(&master_key_id)?, entropy, &data, &data_key[..])?,
        sealed_secret: seal_bytes(&cipher, entropy, &data, secret.expose().as_bytes())?,
        master_key_id,
    })
}

/// Opens a copy in its row; `None` when it is another row's, was altered, or its master key is not in the keyring.
pub(crate) fn open(keyring: &Keyring, row: Row, copy: &SealedCopy) -> Option<PlainSecret> {
    open_for(keyring, |master_id| row.associated(master_id), copy)
}

/// Opens a copy that [`seal_for`] has sealed with the same associated data.
pub(crate) fn open_for(
    keyring: &Keyring,
    associated: impl Fn(&str) -> Vec<u8>,
    copy: &SealedCopy,
) -> Option<PlainSecret> {
    let data = associated(&copy.master_key_id);
    let data_key = open_bytes(keyring.master(&copy.master_key_id)?, &data, &copy.wrapped_key)?;
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &data_key).ok()?);
    let secret = open_bytes(&cipher, &data, &copy.sealed_secret)?;
    std::str::from_utf8(&secret).ok().map(|text| PlainSecret::new(text.to_owned()))
}

/// Nonce, ciphertext, tag.
pub(crate) fn seal_bytes(key: &LessSafeKey, entropy: &dyn Entropy, associated: &[u8], plain: &[u8]) -> Option<Vec<u8>> {
    let mut nonce = [0; NONCE_LEN];
    entropy.fill(&mut nonce);
    let mut sealed = nonce.to_vec();
    let mut body = Zeroizing::new(plain.to_vec());
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = key.seal_in_place_separate_tag(nonce, Aad::from(associated), &mut body).ok()?;
    sealed.extend_from_slice(&body);
    sealed.extend_from_slice(tag.as_ref());
    Some(sealed)
}

pub(crate) fn open_bytes(key: &LessSafeKey, associated: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, body) = sealed.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut body = Zeroizing::new(body.to_vec());
    let length = key.open_in_place(nonce, Aad::from(associated), &mut body).ok()?.len();
    body.truncate(length);
    Some(body)
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::SystemEntropy;

    fn keyring() -> Keyring {
        let key = |byte: u8| STANDARD.encode([byte; 32]);
        Keyring::parse(&format!("pepper p1 {}\nmaster m1 {}\nmaster m2 {}", key(1), key(2), key(3))).unwrap()
    }

    fn row(installation: u128, key: u128, secret: u128) -> Row {
        Row {
            installation: InstallationId(Uuid::from_u128(installation)),
            key: KeyId(Uuid::from_u128(key)),
            secret: SecretId(Uuid::from_u128(secret)),
        }
    }

    proptest! {
        #[test]
        fn a_copy_opens_in_its_own_row_only(ids in any::<[u128; 3]>(), others in any::<[u128; 3]>(), text in "\\PC{1,60}") {
            let keyring = keyring();
            let own = row(ids[0], ids[1], ids[2]);
            let copy = seal(&keyring, &SystemEntropy, own, &PlainSecret::new(text.clone())).unwrap();
            let opened = open(&keyring, own, &copy).unwrap();
            prop_assert_eq!(opened.expose(), text.as_str());
            for moved in [row(others[0], ids[1], ids[2]), row(ids[0], others[1], ids[2]), row(ids[0], ids[1], others[2])] {
                prop_assert!(open(&keyring, moved, &copy).is_none());
            }
            let renamed = SealedCopy { master_key_id: "m2".to_owned(), ..copy };
            prop_assert!(open(&keyring, own, &renamed).is_none());
        }

        #[test]
        fn an_altered_copy_does_not_open(at in any::<prop::sample::Index>(), bit in 0u8..8, which in any::<bool>()) {
            let keyring = keyring();
            let own = row(1, 2, 3);
            let mut copy = seal(&keyring, &SystemEntropy, own, &PlainSecret::new("ccc_live_abc".to_owned())).unwrap();
            let bytes = if which { &mut copy.wrapped_key } else { &mut copy.sealed_secret };
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert!(open(&keyring, own, &copy).is_none());
        }
    }

    #[test]
    fn nothing_of_the_secret_shows_in_the_copy() {
        let secret = PlainSecret::new("ccc_live_0123456789".to_owned());
        let copy = seal(&keyring(), &SystemEntropy, row(1, 2, 3), &secret).unwrap();
        assert!(
            !copy.sealed_secret.windows(8).any(|window| secret.expose().as_bytes().windows(8).any(|own| own == window))
        );
        assert!(!format!("{copy:?}").contains("ccc_live"));
    }
}
