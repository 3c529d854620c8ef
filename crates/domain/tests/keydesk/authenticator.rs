//! A passkey's authenticator in software: one key pair, and what the standard has it say.

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::PasskeyAnswer;
use serde_json::{Value, json};

pub(crate) const ORIGIN: &str = "https://keydesk.example.com";

pub(crate) struct Authenticator {
    pair: EcdsaKeyPair,
    id: [u8; 16],
    /// How often it has signed; it counts if it is not 0.
    pub(crate) count: u32,
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What the page's script reads of what it is told to ask for.
fn challenge(asked: &str) -> String {
    let asked: Value = serde_json::from_str(asked).unwrap();
    asked["challenge"].as_str().unwrap().to_owned()
}

fn client_data(kind: &str, asked: &str, origin: &str) -> Vec<u8> {
    let data = json!({ "type": kind, "challenge": challenge(asked), "origin": origin, "crossOrigin": false });
    data.to_string().into_bytes()
}

impl Authenticator {
    pub(crate) fn new(number: u8, count: u32) -> Self {
        Self { pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(), id: [number; 16], count }
    }

    /// That somebody was there, for the host of the origin.
    fn data(&self, origin: &str, flags: u8) -> Vec<u8> {
        let host = origin.strip_prefix("https://").unwrap();
        let mut data = digest(&SHA256, host.as_bytes()).as_ref().to_vec();
        data.push(flags);
        data.extend_from_slice(&self.count.to_be_bytes());
        data
    }

    /// `navigator.credentials.create`.
    pub(crate) fn create(&self, asked: &str, origin: &str) -> PasskeyAnswer {
        let mut data = self.data(origin, 0x41);
        data.extend_from_slice(&[0; 16]);
        data.extend_from_slice(&[0, 16]);
        data.extend_from_slice(&self.id);
        // The public key, in COSE's form.
        data.extend_from_slice(&[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        let point = self.pair.public_key().as_ref().to_vec();
        data.extend_from_slice(&point[1..33]);
        data.extend_from_slice(&[0x22, 0x58, 0x20]);
        data.extend_from_slice(&point[33..]);
        // {"fmt": "none", "attStmt": {}, "authData": ...}
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).unwrap());
        object.extend_from_slice(&data);
        let answer = json!({
            "client_data": encode(client_data("webauthn.create", asked, origin)),
            "attestation": encode(object),
        });
        PasskeyAnswer { answer: answer.to_string(), origin: origin.to_owned() }
    }

    /// `navigator.credentials.get`.
    pub(crate) fn get(&mut self, asked: &str, origin: &str) -> PasskeyAnswer {
        if self.count > 0 {
            self.count += 1;
        }
        let client_data = client_data("webauthn.get", asked, origin);
        let data = self.data(origin, 0x01);
        let signed = [&data[..], digest(&SHA256, &client_data).as_ref()].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &signed).unwrap();
        let answer = json!({
            "id": encode(self.id),
            "client_data": encode(client_data),
            "authenticator_data": encode(data),
            "signature": encode(signature.as_ref()),
        });
        PasskeyAnswer { answer: answer.to_string(), origin: origin.to_owned() }
    }
}
