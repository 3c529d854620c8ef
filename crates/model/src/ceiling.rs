use serde::{Deserialize, Serialize};

use crate::{
    ClientName, Environment, InvalidLimit, LimitName, Quota, Quotas, RateLimit, RateLimits, fold_name,
    limit::named_apart,
};

/// A client as calls are counted for it: the keys of one Client Name, however it is written, and one environment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Client {
    folded: Box<str>,
    environment: Environment,
}

impl Client {
    /// The client of keys with this name.
    pub fn of(name: &ClientName, environment: Environment) -> Self {
        Self { folded: fold_name(name.as_str()).into(), environment }
    }

    /// One that was kept, by its folded name.
    pub fn kept(folded: String, environment: Environment) -> Self {
        Self { folded: folded.into(), environment }
    }

    /// Its Client Name, folded.
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// Which data its keys reach.
    pub fn environment(&self) -> Environment {
        self.environment
    }
}

/// What all keys of a client, or of an installation, may do together. Without limits: as many calls as come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Ceiling {
    /// How many calls they may make in windows of time; empty: as many as come.
    pub rate_limits: RateLimits,
    /// How many calls they may make in periods of the calendar; empty: as many as come.
    pub quotas: Quotas,
}

impl Ceiling {
    /// Whether it limits nothing.
    pub fn is_empty(&self) -> bool {
        self.rate_limits.is_empty() && self.quotas.is_empty()
    }

    /// Refuses limits of which two have the same name: a refusal gives a limit's name only.
    pub fn check(&self) -> Result<(), InvalidLimit> {
        distinct(&self.rate_limits, &self.quotas)
    }
}

/// Refuses lists in which two limits have the same name. Each list has checked its own.
pub(crate) fn distinct(rate_limits: &RateLimits, quotas: &Quotas) -> Result<(), InvalidLimit> {
    let names = rate_limits.iter().map(RateLimit::name).chain(quotas.iter().map(Quota::name));
    named_apart(names.collect::<Vec<&LimitName>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_a_name_however_it_is_written_in_one_environment() {
        let client = |name: &str, environment| Client::of(&ClientName::parse(name).unwrap(), environment);
        let acme = client("Acme CRM", Environment::Live);
        assert_eq!(acme, client("  ÁCME   crm ", Environment::Live));
        assert_eq!(acme, Client::kept(acme.folded().to_owned(), acme.environment()));
        assert_ne!(acme, client("Acme CRM", Environment::Test));
        assert_ne!(acme, client("Acme CRM 2", Environment::Live));
    }

    #[test]
    fn names_differ_across_rate_limits_and_quotas() {
        let ceiling = |quota: &str| -> Ceiling {
            let text = format!(
                r#"{{"rate_limits":[{{"name":"a","limit":1,"window_seconds":1}}],"quotas":[{{"name":"{quota}","limit":1,"period":"day"}}]}}"#
            );
            serde_json::from_str(&text).unwrap()
        };
        assert_eq!(ceiling("b").check(), Ok(()));
        assert_eq!(ceiling("a").check(), Err(InvalidLimit::SameName));
        assert!(Ceiling::default().is_empty() && !ceiling("b").is_empty());
    }
}
