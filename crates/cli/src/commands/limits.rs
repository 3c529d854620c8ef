//! Ceilings, and the flags that give limits.

use clap::{Args, Subcommand};
use domain::CeilingOf;
use model::{
    Ceiling, CeilingInfo, ClientName, Environment, InvalidLimit, KeyError, Quota, Quotas, RateLimit, RateLimits,
};

use super::{CommandContext, Failed, Format, output::Output};

#[derive(Subcommand)]
pub(super) enum LimitsCommand {
    /// Show what all keys of a client, or of the installation, may do together
    Show(Show),
    /// Set it; limits of a kind that is not given stay as they are
    Set(Set),
    /// Take it away: what each key may do is then for its own limits
    Clear(Clear),
}

/// Whose limits.
#[derive(Args)]
pub(super) struct Of {
    /// The client whose keys are meant, by its Client Name [default: all keys of the installation]
    #[arg(long, value_name = "NAME")]
    client: Option<String>,
    /// Which of the client's keys: live or test
    #[arg(long, default_value = "live")]
    environment: Environment,
}

/// The flags that give limits, of a key as of a ceiling.
#[derive(Args)]
pub(super) struct LimitFlags {
    /// A rate limit, such as default=600/60s,burst=100,scopes=calls:make+calls:read; may be given several times
    #[arg(long, value_name = "LIMIT")]
    rate: Vec<RateLimit>,
    /// A quota, such as daily=10000/day,zone=Europe/Berlin; may be given several times. Its period is an hour, day or month
    #[arg(long, value_name = "QUOTA")]
    quota: Vec<Quota>,
    /// No rate limits
    #[arg(long, conflicts_with = "rate")]
    no_rate: bool,
    /// No quotas
    #[arg(long, conflicts_with = "quota")]
    no_quota: bool,
}

#[derive(Args)]
pub(super) struct Show {
    #[command(flatten)]
    of: Of,
    #[command(flatten)]
    format: Format,
}

#[derive(Args)]
#[group(id = "what", required = true, multiple = true, args = ["rate", "quota", "no_rate", "no_quota"])]
pub(super) struct Set {
    #[command(flatten)]
    limits: LimitFlags,
    #[command(flatten)]
    of: Of,
    /// Set it only in this version
    #[arg(long, value_name = "VERSION")]
    if_version: Option<i64>,
    #[command(flatten)]
    format: Format,
}

#[derive(Args)]
pub(super) struct Clear {
    #[command(flatten)]
    of: Of,
    /// Clear it only in this version
    #[arg(long, value_name = "VERSION")]
    if_version: Option<i64>,
    #[command(flatten)]
    format: Format,
}

impl Of {
    fn ceiling(&self) -> Result<CeilingOf, Failed> {
        let Some(name) = &self.client else { return Ok(CeilingOf::Installation) };
        Ok(CeilingOf::Client(ClientName::parse(name).map_err(KeyError::from)?, self.environment))
    }
}

impl LimitFlags {
    /// The rate limits; `None`: they stay as they are.
    pub(super) fn rate_limits(&self) -> Result<Option<RateLimits>, Failed> {
        let given = self.no_rate || !self.rate.is_empty();
        given.then(|| RateLimits::new(self.rate.clone())).transpose().map_err(|error| wrong("rate limits", error))
    }

    /// The quotas; `None`: they stay as they are.
    pub(super) fn quotas(&self) -> Result<Option<Quotas>, Failed> {
        let given = self.no_quota || !self.quota.is_empty();
        given.then(|| Quotas::new(self.quota.clone())).transpose().map_err(|error| wrong("quotas", error))
    }
}

fn wrong(what: &str, error: InvalidLimit) -> Failed {
    Failed::new(format!("The {what} {error}."))
}

impl LimitsCommand {
    pub(super) fn only_reads(&self) -> bool {
        matches!(self, Self::Show(_))
    }

    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let (operator, keydesk) = (context.operator().await?, &context.keydesk);
        match self {
            Self::Show(show) => print(&keydesk.ceiling(&operator, show.of.ceiling()?).await?, &show.format, output),
            Self::Set(set) => {
                let of = set.of.ceiling()?;
                let now = keydesk.ceiling(&operator, of.clone()).await?;
                let rate_limits = set.limits.rate_limits()?.unwrap_or(now.rate_limits);
                let ceiling = Ceiling { rate_limits, quotas: set.limits.quotas()?.unwrap_or(now.quotas) };
                // What stays as it is must be what was read.
                let version = set.if_version.unwrap_or(now.version);
                let after = keydesk.set_ceiling(&operator, of, ceiling, Some(version)).await?;
                output.told("the ceiling was set", |output| print(&after, &set.format, output))
            }
            Self::Clear(clear) => {
                let of = clear.of.ceiling()?;
                let after = keydesk.set_ceiling(&operator, of, Ceiling::default(), clear.if_version).await?;
                output.told("the ceiling was taken away", |output| print(&after, &clear.format, output))
            }
        }
    }
}

fn print(ceiling: &CeilingInfo, format: &Format, output: &mut Output) -> Result<(), Failed> {
    if format.json {
        return Ok(output.json(ceiling)?);
    }
    let of = match (&ceiling.client_name, ceiling.environment) {
        (Some(name), Some(environment)) => format!("the {environment} keys of {name}"),
        _ => "all keys of the installation".to_owned(),
    };
    let version = ceiling.version.to_string();
    let limits = told(&ceiling.rate_limits, &ceiling.quotas);
    let mut pairs = vec![("Ceiling of", of.as_str()), ("Version", version.as_str())];
    match limits.as_slice() {
        [] => pairs.push(("Limits", "none")),
        limits => pairs.extend(limits.iter().map(|(name, words)| (*name, words.as_str()))),
    }
    Ok(output.pairs(&pairs)?)
}

/// Limits for people: what each is called on a line, and what it says.
pub(super) fn told(rate_limits: &RateLimits, quotas: &Quotas) -> Vec<(&'static str, String)> {
    let rates = rate_limits.iter().map(|limit| ("Rate limit", format!("{}: {}", limit.name(), limit.words())));
    let quotas = quotas.iter().map(|quota| ("Quota", format!("{}: {}", quota.name(), quota.words())));
    rates.chain(quotas).collect()
}
