//! The codes of an authenticator app: TOTP (RFC 6238) with SHA-1, six digits and 30 seconds, which is what every app knows.

use model::{AdministratorId, InstallationId, Instant, PlainSecret};
use store::SealedCopy;
use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

use crate::{Entropy, Keyring, seal};

/// Bytes of a secret: as many as SHA-1 has (RFC 4226, 4).
const SECRET_LEN: usize = 20;
/// Digits of a code.
pub(super) const DIGITS: usize = 6;

/// The row that a secret belongs to.
pub(super) type Row = (InstallationId, AdministratorId);

/// A new secret, in base 32 as it is typed into an app.
pub(super) fn new_secret(entropy: &dyn Entropy) -> PlainSecret {
    let mut random = Zeroizing::new([0; SECRET_LEN]);
    entropy.fill(&mut random[..]);
    PlainSecret::new(Secret::from(&random[..]).to_base32())
}

/// What the app is shown: its secret, and under which name it keeps it.
pub(super) fn uri(secret: &PlainSecret, email: &str) -> PlainSecret {
    let mut name = String::with_capacity(email.len());
    for byte in email.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02X}"));
        }
    }
    PlainSecret::new(format!("otpauth://totp/Keydesk:{name}?secret={}&issuer=Keydesk", secret.expose()))
}

/// The time step of a code, if it is one of this time or of the steps before and after it.
pub(super) fn step_of(secret: &PlainSecret, code: &str, now: Instant) -> Option<i64> {
    let seconds = u64::try_from(now.as_millis().div_euclid(1_000)).ok()?;
    i64::try_from(totp(secret)?.check(code, seconds)?).ok()
}

fn totp(secret: &PlainSecret) -> Option<Totp> {
    Builder::new().with_secret(Secret::try_from_base32(secret.expose()).ok()?).build().ok()
}

/// Seals a secret for the row of its person.
pub(super) fn seal(keyring: &Keyring, entropy: &dyn Entropy, row: Row, secret: &PlainSecret) -> Option<SealedCopy> {
    seal::seal_for(keyring, entropy, |master_id| associated(row, master_id), secret)
}

pub(super) fn open(keyring: &Keyring, row: Row, copy: &SealedCopy) -> Option<PlainSecret> {
    seal::open_for(keyring, |master_id| associated(row, master_id), copy)
}

fn associated((installation, person): Row, master_id: &str) -> Vec<u8> {
    let mut data = b"keydesk/sealed-totp/1\0".to_vec();
    data.extend_from_slice(installation.0.as_bytes());
    data.extend_from_slice(person.0.as_bytes());
    data.extend_from_slice(master_id.as_bytes());
    data
}

#[cfg(test)]
mod tests {
    use totp_rs::Algorithm;

    use super::*;
    use crate::SystemEntropy;

    /// The seeds and codes of RFC 6238, appendix B.
    #[test]
    fn the_codes_are_those_of_the_standard() {
        let seeds = [
            (Algorithm::SHA1, "12345678901234567890"),
            (Algorithm::SHA256, "12345678901234567890123456789012"),
            (Algorithm::SHA512, "1234567890123456789012345678901234567890123456789012345678901234"),
        ];
        let codes = [
            (59, ["94287082", "46119246", "90693936"]),
            (1_111_111_109, ["07081804", "68084774", "25091201"]),
            (1_111_111_111, ["14050471", "67062674", "99943326"]),
            (1_234_567_890, ["89005924", "91819424", "93441116"]),
            (2_000_000_000, ["69279037", "90698825", "38618901"]),
            (20_000_000_000, ["65353130", "77737706", "47863826"]),
        ];
        for (at, expected) in codes {
            for ((algorithm, seed), expected) in seeds.iter().zip(expected) {
                let built =
                    Builder::new().with_algorithm(*algorithm).with_digits(8).with_secret(seed.as_bytes()).build();
                assert_eq!(built.unwrap().generate(at).to_string(), expected, "{at}");
            }
        }
    }

    #[test]
    fn a_code_is_good_in_its_step_and_in_those_beside_it() {
        let secret = PlainSecret::new(Secret::from(&b"12345678901234567890"[..]).to_base32());
        // The last six digits of the standard's first code, whose step is 1.
        for (second, step) in [(0, Some(1)), (30, Some(1)), (59, Some(1)), (89, Some(1)), (90, None), (-1, None)] {
            assert_eq!(step_of(&secret, "287082", Instant::from_millis(second * 1_000)), step, "{second}");
        }
        for wrong in ["", "28708", "2870821", "287083", "28708a", "94287082", "+87082"] {
            assert_eq!(step_of(&secret, wrong, Instant::from_millis(59_000)), None, "{wrong}");
        }
    }

    #[test]
    fn an_app_is_told_its_secret_and_whose_it_is() {
        let secret = new_secret(&SystemEntropy);
        assert_eq!(secret.expose().len(), 32, "160 bits");
        assert_ne!(secret.expose(), new_secret(&SystemEntropy).expose());
        let uri = uri(&PlainSecret::new("ABC".to_owned()), "ada+b@example.com");
        assert_eq!(uri.expose(), "otpauth://totp/Keydesk:ada%2Bb@example.com?secret=ABC&issuer=Keydesk");
    }
}
