use super::{cbor, public_key::PublicKey};

/// Somebody was there and touched it.
const PRESENT: u8 = 0x01;
/// The key may be on several devices, and is.
const MAY_BE_BACKED_UP: u8 = 0x08;
const IS_BACKED_UP: u8 = 0x10;
const HAS_CREDENTIAL: u8 = 0x40;
const HAS_EXTENSIONS: u8 = 0x80;

/// Longest id of a credential, in bytes (WebAuthn, 7.1).
const CREDENTIAL_ID_MAX: usize = 1023;

/// What an authenticator says of itself (WebAuthn, 6.1), and signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AuthenticatorData {
    /// SHA-256 of the site's name.
    pub(super) site: [u8; 32],
    flags: u8,
    /// How often it has signed; 0: it does not count.
    pub(super) sign_count: u32,
    /// A credential that was just made.
    pub(super) made: Option<MadeCredential>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MadeCredential {
    pub(super) id: Vec<u8>,
    /// In COSE's form, byte for byte.
    pub(super) public_key: Vec<u8>,
}

impl AuthenticatorData {
    /// `None`: it is not, or not wholly, what the standard says.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (site, rest) = bytes.split_first_chunk::<32>()?;
        let (flags, rest) = rest.split_first()?;
        let (count, mut rest) = rest.split_first_chunk::<4>()?;
        let made = if flags & HAS_CREDENTIAL == 0 {
            None
        } else {
            // Which model it is says nothing that is not forged as easily.
            let (_model, after) = rest.split_first_chunk::<16>()?;
            let (length, after) = after.split_first_chunk::<2>()?;
            let length = usize::from(u16::from_be_bytes(*length));
            if !(1..=CREDENTIAL_ID_MAX).contains(&length) {
                return None;
            }
            let (id, after) = after.split_at_checked(length)?;
            let (_, behind) = PublicKey::read(after)?;
            rest = behind;
            let public_key = after.get(..after.len() - behind.len())?;
            Some(MadeCredential { id: id.to_vec(), public_key: public_key.to_vec() })
        };
        if flags & HAS_EXTENSIONS != 0 {
            (_, rest) = cbor::read(rest)?;
        }
        rest.is_empty().then_some(Self { site: *site, flags: *flags, sign_count: u32::from_be_bytes(*count), made })
    }

    /// Whether somebody was there, and no flag contradicts another.
    pub(super) fn is_sound(&self) -> bool {
        let backed_up_alone = self.flags & IS_BACKED_UP != 0 && self.flags & MAY_BE_BACKED_UP == 0;
        self.flags & PRESENT != 0 && !backed_up_alone
    }
}
