use model::{KeySettings, Quota, RateLimit};

/// What restricts a key besides its end, in words: from where it is called, how often, and how much it may do. What does not
/// restrict it is left out.
pub(crate) fn restrictions(settings: &KeySettings) -> Vec<(&'static str, Vec<String>)> {
    let limits = settings.rate_limits.iter().map(RateLimit::words);
    let all: [(&'static str, Vec<String>); 5] = [
        ("Allowed addresses", settings.allowed_ips.iter().map(ToString::to_string).collect()),
        ("Allowed origins", settings.allowed_origins.iter().map(ToString::to_string).collect()),
        ("Limits", limits.chain(settings.quotas.iter().map(Quota::words)).collect()),
        ("In the contact centre", settings.contact_centre.words()),
        ("Sandbox world", settings.sandbox_world.iter().map(ToString::to_string).collect()),
    ];
    all.into_iter().filter(|(_, lines)| !lines.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use model::ClientName;

    use super::*;

    #[test]
    fn what_restricts_a_key_is_told_and_nothing_else() {
        let open = KeySettings::new(ClientName::parse("Acme").unwrap());
        assert!(restrictions(&open).is_empty());
        let bound = KeySettings {
            allowed_ips: model::NetworkSet::new(["192.0.2.0/24".parse().unwrap()]).unwrap(),
            rate_limits: model::RateLimits::new(vec!["a=600/60s".parse().unwrap()]).unwrap(),
            quotas: model::Quotas::new(vec!["daily=10000/day".parse().unwrap()]).unwrap(),
            contact_centre: "calls=60/hour".parse().unwrap(),
            ..open
        };
        let told: Vec<_> =
            restrictions(&bound).into_iter().map(|(label, lines)| format!("{label}: {}", lines.join("; "))).collect();
        assert_eq!(
            told,
            [
                "Allowed addresses: 192.0.2.0/24",
                "Limits: 600 calls a minute; 10,000 calls a day",
                "In the contact centre: 60 outbound calls an hour"
            ]
        );
    }
}
