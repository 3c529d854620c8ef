//! The limits as the API behind the gateway is told them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::ContactCentreLimits;

/// What the API was told is no limits. It must not go on as if nothing were limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not the base64url of limits in JSON")]
pub struct InvalidTold;

impl ContactCentreLimits {
    /// The value of `X-Keydesk-Contact-Centre`: base64url, without padding, of JSON; `None`: nothing is limited, and nothing is
    /// said.
    pub fn told(&self) -> Option<String> {
        let json = || serde_json::to_vec(self).ok();
        if self.is_empty() { None } else { json().map(|json| URL_SAFE_NO_PAD.encode(json)) }
    }

    /// Reads the value again.
    pub fn read_told(value: &str) -> Result<Self, InvalidTold> {
        let json = URL_SAFE_NO_PAD.decode(value).map_err(|_| InvalidTold)?;
        serde_json::from_slice(&json).map_err(|_| InvalidTold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_read_again() {
        let limits: ContactCentreLimits = "calls=60/hour +=0/hour +61=any hours=9-20 agent=none".parse().unwrap();
        let told = limits.told().unwrap();
        assert!(told.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{told}");
        assert_eq!(ContactCentreLimits::read_told(&told), Ok(limits));
        assert_eq!(ContactCentreLimits::default().told(), None);
        for wrong in ["", "e30=", "bm9uZQ", "eyJtYXhfc3RyZWFtcyI6LTF9", "a b"] {
            assert_eq!(ContactCentreLimits::read_told(wrong), Err(InvalidTold), "{wrong}");
        }
    }

    /// A head has room for 8 KiB in most servers.
    #[test]
    fn the_longest_limits_fit_into_a_header() {
        let agents = (0..100).map(|number| format!(" agent={}", uuid::Uuid::from_u128(number))).collect::<String>();
        let prefixes =
            (0..20).map(|number| format!(" +{}=1000000/hour", 123_456_789_000_000_u64 + number)).collect::<String>();
        let text =
            format!("calls=1000000/hour hours=9-20 streams=10000 recordings=9007199254740991/day{agents}{prefixes}");
        let limits: ContactCentreLimits = text.parse().unwrap();
        let length = limits.told().unwrap().len();
        assert!(length < 8_000, "{length}");
    }
}
