use crate::{ContactCentreLimits, Instant, KeySettings, NetworkSet, OriginSet, Quotas, RateLimits, WorldName};

/// Within what a caller's keys must lie, as of an instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    allowed_ips: NetworkSet,
    allowed_origins: OriginSet,
    ends_by: Option<Instant>,
    rate_limits: RateLimits,
    quotas: Quotas,
    contact_centre: ContactCentreLimits,
    sandbox_world: Option<WorldName>,
}

impl Bounds {
    /// The bounds of a key that issues others, as of `now`: those that were set for it, else its own. What it may do in units of
    /// the contact centre, and in which world, is always its own.
    pub fn of(settings: &KeySettings, now: Instant) -> Self {
        match &settings.issue_bounds {
            None => Self::own(settings),
            Some(bounds) => Self {
                allowed_ips: bounds.allowed_ips.clone(),
                allowed_origins: bounds.allowed_origins.clone(),
                ends_by: bounds.longest_life_seconds.map(|life| now.plus_millis(i64::from(u32::from(life)) * 1_000)),
                rate_limits: bounds.rate_limits.clone(),
                quotas: bounds.quotas.clone(),
                contact_centre: settings.contact_centre.clone(),
                sandbox_world: settings.sandbox_world.clone(),
            },
        }
    }

    /// What a key is bound to itself.
    pub fn own(settings: &KeySettings) -> Self {
        Self {
            allowed_ips: settings.allowed_ips.clone(),
            allowed_origins: settings.allowed_origins.clone(),
            ends_by: settings.expires_at,
            rate_limits: settings.rate_limits.clone(),
            quotas: settings.quotas.clone(),
            contact_centre: settings.contact_centre.clone(),
            sandbox_world: settings.sandbox_world.clone(),
        }
    }

    /// The first setting of a new key that lies beyond these bounds, by its name in the API.
    pub fn beyond(&self, new: &KeySettings) -> Option<&'static str> {
        self.exceeded_by(&Self::own(new))
    }

    /// The same for an existing key that may issue others: these bounds are as of `now`. `issue_bounds`: it is within
    /// them, and keys that it issues need not be.
    pub fn beyond_with_issued(&self, key: &KeySettings, now: Instant) -> Option<&'static str> {
        self.beyond(key).or_else(|| self.exceeded_by(&Self::of(key, now)).map(|_| "issue_bounds"))
    }

    fn exceeded_by(&self, other: &Self) -> Option<&'static str> {
        let longer = self.ends_by.is_some_and(|end| other.ends_by.is_none_or(|wanted| wanted > end));
        if !self.allowed_ips.covers(&other.allowed_ips) {
            Some("allowed_ips")
        } else if !self.allowed_origins.covers(&other.allowed_origins) {
            Some("allowed_origins")
        } else if longer {
            Some("expires_at")
        } else if !self.rate_limits.bind(&other.rate_limits) {
            Some("rate_limits")
        } else if !self.quotas.bind(&other.quotas) {
            Some("quotas")
        } else if !self.contact_centre.covers(&other.contact_centre) {
            Some("contact_centre")
        } else {
            let elsewhere = self.sandbox_world.is_some() && self.sandbox_world != other.sandbox_world;
            elsewhere.then_some("sandbox_world")
        }
    }

    /// The first setting that an edit widens beyond both its old value and these bounds.
    pub fn beyond_both(&self, old: &KeySettings, new: &KeySettings) -> Option<&'static str> {
        let both = Self {
            allowed_ips: self.allowed_ips.or(&old.allowed_ips),
            allowed_origins: self.allowed_origins.or(&old.allowed_origins),
            ends_by: match (self.ends_by, old.expires_at) {
                (Some(one), Some(other)) => Some(one.max(other)),
                _ => None,
            },
            // Of two lists of limits there is none that says "one or the other": what is no wider than before is bound by nothing.
            rate_limits: if old.rate_limits.covers(&new.rate_limits) {
                RateLimits::default()
            } else {
                self.rate_limits.clone()
            },
            quotas: if old.quotas.covers(&new.quotas) { Quotas::default() } else { self.quotas.clone() },
            contact_centre: if old.contact_centre.covers(&new.contact_centre) {
                ContactCentreLimits::default()
            } else {
                self.contact_centre.clone()
            },
            sandbox_world: self.sandbox_world.clone().filter(|_| old.sandbox_world != new.sandbox_world),
        };
        both.beyond(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClientName, IssueBounds};

    fn settings(ips: &str, origins: &str, end: Option<i64>) -> KeySettings {
        KeySettings {
            allowed_ips: serde_json::from_str(ips).unwrap(),
            allowed_origins: serde_json::from_str(origins).unwrap(),
            expires_at: end.map(Instant::from_millis),
            ..KeySettings::new(ClientName::parse("Acme").unwrap())
        }
    }

    #[test]
    fn a_new_key_lies_within_the_bounds_of_its_issuer() {
        let issuer = settings(r#"["10.0.0.0/8"]"#, r#"["https://*.acme.example"]"#, Some(5_000));
        let bounds = Bounds::of(&issuer, Instant::from_millis(0));
        for (ips, origins, end, beyond) in [
            (r#"["10.1.0.0/16"]"#, r#"["https://app.acme.example"]"#, Some(5_000), None),
            (r#"["10.0.0.0/8"]"#, r#"["https://*.acme.example"]"#, Some(1), None),
            ("[]", r#"["https://app.acme.example"]"#, Some(5_000), Some("allowed_ips")),
            (r#"["10.0.0.1", "11.0.0.1"]"#, r#"["https://app.acme.example"]"#, Some(5_000), Some("allowed_ips")),
            (r#"["10.0.0.1"]"#, "[]", Some(5_000), Some("allowed_origins")),
            (r#"["10.0.0.1"]"#, r#"["https://app.acme.example"]"#, None, Some("expires_at")),
            (r#"["10.0.0.1"]"#, r#"["https://app.acme.example"]"#, Some(5_001), Some("expires_at")),
        ] {
            assert_eq!(bounds.beyond(&settings(ips, origins, end)), beyond, "{ips} {origins} {end:?}");
        }
    }

    #[test]
    fn bounds_that_were_set_replace_those_of_the_key_itself() {
        let set = IssueBounds {
            allowed_ips: serde_json::from_str(r#"["192.0.2.0/24"]"#).unwrap(),
            longest_life_seconds: Some(10.try_into().unwrap()),
            ..IssueBounds::default()
        };
        let issuer = KeySettings { issue_bounds: Some(set), ..settings(r#"["10.0.0.1"]"#, "[]", Some(5_000)) };
        let bounds = Bounds::of(&issuer, Instant::from_millis(1_000));
        assert_eq!(bounds.beyond(&settings(r#"["192.0.2.7"]"#, "[]", Some(11_000))), None);
        assert_eq!(bounds.beyond(&settings(r#"["192.0.2.7"]"#, "[]", Some(11_001))), Some("expires_at"));
        assert_eq!(bounds.beyond(&settings(r#"["10.0.0.1"]"#, "[]", Some(1))), Some("allowed_ips"));
        assert_eq!(Bounds::own(&issuer).beyond(&settings(r#"["10.0.0.1"]"#, "[]", Some(1))), None);
    }

    #[test]
    fn a_key_within_the_bounds_may_issue_others_that_are_not() {
        let now = Instant::from_millis(1_000);
        let issuing = |ips: &str, life: Option<u32>| {
            let set = IssueBounds {
                allowed_ips: serde_json::from_str(ips).unwrap(),
                longest_life_seconds: life.map(|life| life.try_into().unwrap()),
                ..IssueBounds::default()
            };
            KeySettings { issue_bounds: Some(set), ..settings(r#"["10.0.0.1"]"#, "[]", Some(2_000)) }
        };
        let bounds = Bounds::of(&issuing(r#"["10.0.0.0/8"]"#, Some(10)), now);
        for (key, beyond) in [
            (settings(r#"["10.0.0.1"]"#, "[]", Some(2_000)), None),
            (issuing(r#"["10.1.0.0/16"]"#, Some(10)), None),
            (issuing("[]", Some(10)), Some("issue_bounds")),
            (issuing(r#"["10.1.0.0/16"]"#, Some(11)), Some("issue_bounds")),
            (issuing(r#"["10.1.0.0/16"]"#, None), Some("issue_bounds")),
        ] {
            assert_eq!(bounds.beyond_with_issued(&key, now), beyond, "{:?}", key.issue_bounds);
        }
        assert_eq!(Bounds::default().beyond_with_issued(&issuing("[]", None), now), None, "bound to nothing");
    }

    #[test]
    fn limits_of_a_new_key_lie_within_those_of_its_issuer() {
        let limited = |rate: &[&str], quota: &[&str]| KeySettings {
            rate_limits: RateLimits::new(rate.iter().map(|text| text.parse().unwrap()).collect()).unwrap(),
            quotas: Quotas::new(quota.iter().map(|text| text.parse().unwrap()).collect()).unwrap(),
            ..settings("[]", "[]", None)
        };
        let bounds = Bounds::own(&limited(&["default=60/60s"], &["daily=100/day"]));
        for (rate, quota, beyond) in [
            (&["slow=1/1s"][..], &["q=100/day"][..], None),
            (&["slow=61/60s"], &["q=100/day"], Some("rate_limits")),
            (&[], &["q=100/day"], Some("rate_limits")),
            (&["default=60/60s"], &["q=101/day"], Some("quotas")),
            (&["default=60/60s"], &["q=100/month"], Some("quotas")),
        ] {
            assert_eq!(bounds.beyond(&limited(rate, quota)), beyond, "{rate:?} {quota:?}");
        }
        let old = limited(&["a=600/60s"], &[]);
        for (rate, beyond) in [
            (&["a=600/60s"][..], None),
            (&["a=599/60s"], None),
            (&["b=60/60s"], None),
            (&["b=600/60s"], Some("rate_limits")),
            (&["a=601/60s"], Some("rate_limits")),
            (&[], Some("rate_limits")),
        ] {
            assert_eq!(bounds.beyond_both(&old, &limited(rate, &[])), beyond, "{rate:?}");
        }
        let set: IssueBounds = "a=6/60s".parse().unwrap();
        let issuer = KeySettings { issue_bounds: Some(set), ..limited(&[], &["daily=100/day"]) };
        let bounds = Bounds::of(&issuer, Instant::from_millis(0));
        assert_eq!(bounds.beyond(&limited(&["b=6/60s"], &[])), None);
        assert_eq!(bounds.beyond(&limited(&["b=7/60s"], &[])), Some("rate_limits"));
    }

    #[test]
    fn limits_of_the_contact_centre_and_the_world_are_the_issuers_own() {
        let limited = |words: &str, world: Option<&str>| KeySettings {
            contact_centre: words.parse().unwrap(),
            sandbox_world: world.map(|name| name.parse().unwrap()),
            ..settings("[]", "[]", None)
        };
        let issuer = KeySettings { issue_bounds: Some(IssueBounds::default()), ..limited("calls=60/hour", Some("ci")) };
        let bounds = Bounds::of(&issuer, Instant::from_millis(0));
        let old = limited("calls=90/hour", None);
        for (words, world, beyond, beyond_both) in [
            ("calls=60/hour", Some("ci"), None, None),
            ("calls=1/hour streams=2", Some("ci"), None, None),
            ("calls=90/hour", Some("ci"), Some("contact_centre"), None),
            ("", Some("ci"), Some("contact_centre"), Some("contact_centre")),
            ("calls=60/hour", None, Some("sandbox_world"), None),
            ("calls=60/hour", Some("other"), Some("sandbox_world"), Some("sandbox_world")),
        ] {
            assert_eq!(bounds.beyond(&limited(words, world)), beyond, "{words} {world:?}");
            assert_eq!(bounds.beyond_both(&old, &limited(words, world)), beyond_both, "{words} {world:?}");
        }
    }

    #[test]
    fn an_edit_may_keep_old_values_and_add_values_within_the_bounds() {
        let bounds = Bounds::own(&settings(r#"["10.0.0.0/8"]"#, "[]", Some(5_000)));
        let old = settings(r#"["192.0.2.1"]"#, r#"["https://a.example"]"#, Some(9_000));
        for (ips, origins, end, beyond) in [
            (r#"["192.0.2.1"]"#, r#"["https://a.example"]"#, Some(9_000), None),
            (r#"["192.0.2.1", "10.0.0.9"]"#, "[]", Some(9_000), None),
            (r#"["10.0.0.9"]"#, r#"["https://a.example"]"#, Some(1), None),
            (r#"["192.0.2.2"]"#, r#"["https://a.example"]"#, Some(1), Some("allowed_ips")),
            ("[]", r#"["https://a.example"]"#, Some(1), Some("allowed_ips")),
            (r#"["192.0.2.1"]"#, r#"["https://a.example"]"#, Some(9_001), Some("expires_at")),
            (r#"["192.0.2.1"]"#, r#"["https://a.example"]"#, None, Some("expires_at")),
        ] {
            assert_eq!(bounds.beyond_both(&old, &settings(ips, origins, end)), beyond, "{ips} {origins} {end:?}");
        }
        let unbound = settings("[]", "[]", None);
        assert_eq!(bounds.beyond_both(&unbound, &unbound), None);
    }
}
