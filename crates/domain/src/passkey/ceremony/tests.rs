use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use proptest::prelude::*;
use serde_json::json;

use super::*;

const ORIGIN: &str = "https://example.org";

/// The vectors of Web Authentication Level 3, section 16.
mod vectors {
    /// ES256, no attestation: what is registered.
    pub(super) const CREATED: [&str; 2] = [
        "7b2274797065223a22776562617574686e2e637265617465222c226368616c6c656e6765223a22414d4d507434557878475453746e63647134\
         313759447742466938767049612d7077386f4f755657345441222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f726722\
         2c2263726f73734f726967696e223a66616c73652c22657874726144617461223a22636c69656e74446174614a534f4e206d61792062652065\
         7874656e6465642077697468206164646974696f6e616c206669656c647320696e20746865206675747572652c207375636820617320746869\
         733a20426b5165446a646354427258426941774a544c453551227d",
        "a363666d74646e6f6e656761747453746d74a068617574684461746158a4bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f0\
         1452b2e4b559000000008446ccb9ab1db374750b2367ff6f3a1f0020f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330\
         084be4a5010203262001215820afefa16f97ca9b2d23eb86ccb64098d20db90856062eb249c33a9b672f26df61225820930a56b87a2fca6633\
         4b03458abf879717c12cc68ed73290af2e2664796b9220",
    ];
    pub(super) const CHALLENGE: &str = "AMMPt4UxxGTStncdq417YDwBFi8vpIa-pw8oOuVW4TA";
    /// Client data, authenticator data, signature.
    pub(super) const ANSWERED: [&str; 3] = [
        "7b2274797065223a22776562617574686e2e676574222c226368616c6c656e6765223a224f63446e55685158756c5455506f334a5558543049\
         393770767a7a59425039745a63685879617630314167222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263\
         726f73734f726967696e223a66616c73657d",
        "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b51900000000",
        "3046022100f50a4e2e4409249c4a853ba361282f09841df4dd4547a13a87780218deffcd380221008480ac0f0b93538174f575bf11a1dd5d78\
         c6e486013f937295ea13653e331e87",
    ];
    /// EdDSA: the public key, and an answer.
    pub(super) const ED25519: &str =
        "a401010327200621582044e06ddd331c36a8dc667bab52bcae63486c916aa5e339e6acebaa84934bf832";
    pub(super) const ANSWERED_ED25519: [&str; 3] = [
        "7b2274797065223a22776562617574686e2e676574222c226368616c6c656e6765223a2269566c583442786a4f6d6d44534b4c596f78705574\
         39736e364d48454f7943413135726947514a6e763949222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263\
         726f73734f726967696e223a66616c73657d",
        "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b50100000000",
        "f5c59c7e46c34f6f8cc197101ddf9934fa2595f68eb1913a637e8419eb9ba4cfdfc48f85393bc0d40b011f0d6fecb097d6607525713223a0dc\
         0d453993dae00b",
    ];
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn created([client_data, attestation]: [&[u8]; 2]) -> String {
    json!({ "client_data": encode(client_data), "attestation": encode(attestation) }).to_string()
}

fn answered([client_data, authenticator_data, signature]: [&[u8]; 3]) -> Assertion {
    let answer = json!({
        "id": encode("some id"),
        "client_data": encode(client_data),
        "authenticator_data": encode(authenticator_data),
        "signature": encode(signature),
    });
    Assertion::read(&answer.to_string()).unwrap()
}

fn registered() -> NewCredential {
    let [client_data, attestation] = vectors::CREATED.map(hex);
    NewCredential::read(&created([&client_data, &attestation]), ORIGIN).unwrap()
}

fn proved(parts: &[Vec<u8>; 3], key: &[u8], origin: &str) -> Option<Proved> {
    answered([&parts[0], &parts[1], &parts[2]]).proved(key, origin)
}

#[test]
fn the_vectors_of_the_standard_are_read() {
    let new = registered();
    assert_eq!((new.sign_count, new.challenge.as_str()), (0, vectors::CHALLENGE));
    assert_eq!(new.id, hex("f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4"));
    let found = proved(&vectors::ANSWERED.map(hex), &new.public_key, ORIGIN).unwrap();
    let challenge = "OcDnUhQXulTUPo3JUXT0I97pvzzYBP9tZchXyav01Ag".to_owned();
    assert_eq!(found, Proved { sign_count: 0, challenge });
    assert!(proved(&vectors::ANSWERED_ED25519.map(hex), &hex(vectors::ED25519), ORIGIN).is_some());
    // Each key's own alone.
    assert_eq!(proved(&vectors::ANSWERED_ED25519.map(hex), &new.public_key, ORIGIN), None);
    assert_eq!(proved(&vectors::ANSWERED.map(hex), &hex(vectors::ED25519), ORIGIN), None);
}

#[test]
fn another_site_gets_nothing() {
    let [client_data, attestation] = vectors::CREATED.map(hex);
    let key = registered().public_key;
    for origin in
        ["https://example.com", "http://example.org", "https://example.org:8443", "https://example.org.example"]
    {
        assert_eq!(NewCredential::read(&created([&client_data, &attestation]), origin), None, "{origin}");
        assert_eq!(proved(&vectors::ANSWERED.map(hex), &key, origin), None, "{origin}");
    }
}

#[test]
fn a_new_credential_is_no_proof_and_a_proof_is_no_new_credential() {
    let [made, attestation] = vectors::CREATED.map(hex);
    let [got, data, signature] = vectors::ANSWERED.map(hex);
    assert_eq!(NewCredential::read(&created([&got, &attestation]), ORIGIN), None);
    assert_eq!(answered([&made, &data, &signature]).proved(&registered().public_key, ORIGIN), None);
}

/// Client data, and authenticator data with these flags, signed by a key of each kind that is offered.
struct Signed {
    client_data: Vec<u8>,
    authenticator_data: Vec<u8>,
}

impl Signed {
    fn new(flags: u8, cross_origin: bool) -> Self {
        let client_data = json!({
            "type": "webauthn.get", "challenge": "abc", "origin": "http://localhost:8080", "crossOrigin": cross_origin
        });
        let mut authenticator_data = digest(&SHA256, b"localhost").as_ref().to_vec();
        authenticator_data.push(flags);
        authenticator_data.extend_from_slice(&7_u32.to_be_bytes());
        Self { client_data: client_data.to_string().into_bytes(), authenticator_data }
    }

    fn bytes(&self) -> Vec<u8> {
        [&self.authenticator_data[..], digest(&SHA256, &self.client_data).as_ref()].concat()
    }

    fn proved(&self, key: &[u8], signature: &[u8]) -> Option<Proved> {
        answered([&self.client_data, &self.authenticator_data, signature]).proved(key, "http://localhost:8080")
    }
}

fn es256() -> (EcdsaKeyPair, Vec<u8>) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let point = pair.public_key().as_ref().to_vec();
    let cose = [&hex("a5010203262001215820")[..], &point[1..33], &hex("225820")[..], &point[33..]].concat();
    (pair, cose)
}

#[test]
fn each_kind_of_key_proves_itself() {
    let signed = Signed::new(0x01, false);
    let random = SystemRandom::new();
    let (pair, cose) = es256();
    let signature = pair.sign(&random, &signed.bytes()).unwrap();
    assert_eq!(signed.proved(&cose, signature.as_ref()).unwrap().sign_count, 7);

    let pair = Ed25519KeyPair::generate().unwrap();
    let cose = [&hex("a4010103272006215820")[..], pair.public_key().as_ref()].concat();
    assert!(signed.proved(&cose, pair.sign(&signed.bytes()).as_ref()).is_some());

    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &random, &signed.bytes(), &mut signature).unwrap();
    let modulus = rsa_modulus(pair.public_key().as_ref());
    let cose = [&hex("a40103033901002059")[..], &[1, 0], &modulus, &hex("2143010001")].concat();
    assert!(signed.proved(&cose, &signature).is_some());
    signature[10] ^= 1;
    assert!(signed.proved(&cose, &signature).is_none());
}

/// The 2,048 bits of a modulus in the DER of a public key (RFC 8017, A.1.1): a sequence of it and of the exponent.
fn rsa_modulus(der: &[u8]) -> Vec<u8> {
    let head = hex("0282010100");
    let at = der.windows(head.len()).position(|window| window == head).unwrap() + head.len();
    der[at..at + 256].to_vec()
}

#[test]
fn somebody_must_have_been_there_and_on_a_page_of_ours() {
    let (pair, cose) = es256();
    let proved = |signed: &Signed| {
        let signature = pair.sign(&SystemRandom::new(), &signed.bytes()).unwrap();
        signed.proved(&cose, signature.as_ref()).is_some()
    };
    for (flags, good) in [(0x01, true), (0x05, true), (0x1d, true), (0x09, true), (0x00, false), (0x04, false)] {
        assert_eq!(proved(&Signed::new(flags, false)), good, "{flags:#x}");
    }
    assert!(!proved(&Signed::new(0x11, false)), "backed up, and may not be");
    assert!(!proved(&Signed::new(0x01, true)), "in a frame of another site");
}

#[test]
fn what_is_too_long_or_odd_is_not_read() {
    let [client_data, attestation] = vectors::CREATED.map(hex);
    let good = created([&client_data, &attestation]);
    assert!(NewCredential::read(&good, ORIGIN).is_some());
    let padded = good.replace(',', &format!(",{}", " ".repeat(ANSWER_MAX)));
    assert_eq!(NewCredential::read(&padded, ORIGIN), None);
    for bad in ["", "null", "{}", r#"{"client_data":"!","attestation":""}"#, &good.replace('}', r#","more":1}"#)] {
        assert_eq!(NewCredential::read(bad, ORIGIN), None, "{bad}");
        assert_eq!(Assertion::read(bad), None, "{bad}");
    }
    let trailing = [&attestation[..], &[0]].concat();
    assert_eq!(NewCredential::read(&created([&client_data, &trailing]), ORIGIN), None);
}

proptest! {
    /// Whatever bit is another one, in whatever part, the proof is none.
    #[test]
    fn an_altered_proof_is_none(part in 0..3_usize, at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let key = registered().public_key;
        let mut parts = vectors::ANSWERED.map(hex);
        let at = at.index(parts[part].len());
        parts[part][at] ^= 1 << bit;
        prop_assert_eq!(proved(&parts, &key, ORIGIN), None);
    }

    #[test]
    fn no_bytes_of_a_stranger_panic(
        client_data in prop::collection::vec(any::<u8>(), 0..100),
        data in prop::collection::vec(any::<u8>(), 0..200),
        key in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        _ = NewCredential::read(&created([&client_data, &data]), ORIGIN);
        prop_assert_eq!(answered([&client_data, &data, &data]).proved(&key, ORIGIN), None);
    }

    #[test]
    fn an_altered_new_credential_panics_nothing(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let [client_data, mut attestation] = vectors::CREATED.map(hex);
        let at = at.index(attestation.len());
        attestation[at] = byte;
        _ = NewCredential::read(&created([&client_data, &attestation]), ORIGIN);
    }
}
