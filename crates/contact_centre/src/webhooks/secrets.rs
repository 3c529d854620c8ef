use aws_lc_rs::hmac;
use delivery::new_secret;
use model::{PlainSecret, WebhookSignature};
use uuid::Uuid;

/// From which every receiver's secret follows. Whoever has it can sign in the name of the deployment.
pub struct MasterKey(hmac::Key);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

impl MasterKey {
    /// Of bytes that nobody can guess.
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// The secret of a receiver that was made anew so often.
    pub(super) fn secret(&self, id: Uuid, generation: u32, signature: WebhookSignature) -> PlainSecret {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(b"webhook");
        context.update(id.as_bytes());
        context.update(&generation.to_be_bytes());
        let tag = context.sign();
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        new_secret(signature, &bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_receiver_and_each_time_has_another_secret() {
        let master = MasterKey::new(&[7; 32]);
        let of =
            |id, generation| master.secret(Uuid::from_u128(id), generation, WebhookSignature::V1).expose().to_owned();
        assert_eq!(of(1, 0), of(1, 0));
        assert!(of(1, 0) != of(1, 1) && of(1, 0) != of(2, 0) && of(1, 0).starts_with("whsec_"));
        assert_ne!(MasterKey::new(&[8; 32]).secret(Uuid::from_u128(1), 0, WebhookSignature::V1).expose(), of(1, 0));
    }
}
