//! The contact centre for test keys: `[sandbox]` in the configuration file, and the flags of the commands that start one.

use std::{
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use clap::{Args, builder::FalseyValueParser};
use delivery::Policy;
use domain::EventOptions;
use model::{
    Network, TrustedProxies,
    phone::{InvalidWithheld, Region, UnknownRegion, Withheld},
};
use serde::Deserialize;

use crate::given::{FromVariables, Unfit};

/// From which numbers the contact centre is made up where nobody says another.
const SEED: u64 = 1;
/// Where numbers are that name no country.
const REGION: &str = "AU";
/// Days that are made up before it opens, at most and where nobody says another number.
const HISTORY_DAYS: u32 = 30;
/// Downloads of tables at once.
const EXPORTS: usize = 4;
const EXPORTS_MAX: usize = 64;
/// Events of a world that can be read again.
const EVENTS: RangeInclusive<usize> = 1_000..=1_000_000;
/// Worlds beside the one that all share.
const WORLDS: usize = 8;
const WORLDS_MAX: usize = 64;
/// Streams at once.
const STREAMS: usize = 12_000;
const STREAMS_MAX: usize = 100_000;
/// Where it listens by itself, and from where a gateway on the same machine connects.
const LISTEN: &str = "127.0.0.1:8090";
const HERE: [&str; 2] = ["127.0.0.1", "::1"];

/// Flags of whatever starts a contact centre.
#[derive(Args, Default)]
pub(crate) struct SandboxFlags {
    /// The number from which the contact centre is made up: the same one gives the same day [default: 1]
    #[arg(long, env = "KEYDESK_SANDBOX_SEED", value_name = "NUMBER")]
    sandbox_seed: Option<u64>,
    /// Keep the contact centre in memory alone: it begins anew with each start
    #[arg(long, env = "KEYDESK_EPHEMERAL", value_parser = FalseyValueParser::new())]
    ephemeral: bool,
}

/// Flags of `keydesk sandbox`.
#[derive(Args, Default)]
pub(crate) struct StandaloneFlags {
    #[command(flatten)]
    pub(crate) flags: SandboxFlags,
    /// Where the contact centre listens [default: 127.0.0.1:8090]
    #[arg(long, env = "KEYDESK_SANDBOX_LISTEN", value_name = "ADDRESS")]
    sandbox_listen: Option<String>,
    /// The networks from which the gateway connects: nobody else is answered [default: this machine]
    #[arg(long, env = "KEYDESK_SANDBOX_GATEWAY", value_name = "NETWORKS", value_delimiter = ',')]
    sandbox_gateway: Vec<String>,
}

/// `[sandbox]`.
#[derive(Clone, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SandboxEntry {
    /// Whether `serve` starts one.
    pub(crate) enabled: bool,
    seed: Option<u64>,
    region: Option<String>,
    withheld: Option<Vec<String>>,
    history_days: Option<u32>,
    ephemeral: bool,
    /// Whether any test key may set the clock of the world that all share.
    shared_clock: bool,
    exports: Option<usize>,
    events: Option<usize>,
    worlds: Option<usize>,
    streams: Option<usize>,
    listen: Option<String>,
    gateway: Vec<String>,
}

/// Why the configuration of the contact centre can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidSandbox {
    #[error("[sandbox] region: {0} {1}.")]
    Region(String, UnknownRegion),
    #[error("[sandbox] withheld {0}.")]
    Withheld(InvalidWithheld),
    #[error("[sandbox] history_days is 0 to {HISTORY_DAYS}.")]
    HistoryDays,
    #[error("[sandbox] exports is 1 to {EXPORTS_MAX}.")]
    Exports,
    #[error("[sandbox] events is {} to {}.", EVENTS.start(), EVENTS.end())]
    Events,
    #[error("[sandbox] worlds is 0 to {WORLDS_MAX}.")]
    Worlds,
    #[error("[sandbox] streams is 1 to {STREAMS_MAX}.")]
    Streams,
    #[error("[sandbox] gateway: {0} is not a network such as 10.0.0.0/8.")]
    Gateway(String),
    #[error(transparent)]
    Unfit(#[from] Unfit),
}

/// A contact centre to be started.
#[derive(Clone, Debug)]
pub struct Sandbox {
    /// From which number it is made up.
    pub seed: u64,
    /// Days that are made up before it opens.
    pub history_days: u32,
    /// Where numbers are that name no country.
    pub region: Region,
    /// What networks send for a number that is withheld.
    pub withheld: Withheld,
    /// The file that survives the process; `None`: it is held in memory alone.
    pub journal: Option<PathBuf>,
    /// Whether any test key may set the clock of the world that all share.
    pub shared_clock: bool,
    /// Downloads of tables at once.
    pub exports: usize,
    /// Events of a world that can be read again.
    pub events: usize,
    /// Worlds beside the one that all share.
    pub worlds: usize,
    /// Streams at once, over all worlds and keys.
    pub streams: usize,
    /// Where receivers of its webhooks may be.
    pub policy: Policy,
    /// Authorities that are trusted besides those of browsers, in PEM.
    pub roots: Vec<u8>,
}

/// One that listens by itself, for a gateway elsewhere.
#[derive(Clone, Debug)]
pub struct Standalone {
    /// What it is.
    pub sandbox: Sandbox,
    /// Where it listens: `host:port`.
    pub listen: String,
    /// From where the gateway connects.
    pub gateway: TrustedProxies,
}

/// The contact centre that flags and file describe.
pub(crate) fn sandbox(
    flags: &SandboxFlags,
    entry: &SandboxEntry,
    data_dir: &Path,
    events: &EventOptions,
) -> Result<Sandbox, InvalidSandbox> {
    let region = entry.region.as_deref().map(str::trim).filter(|text| !text.is_empty()).unwrap_or(REGION);
    let withheld = match &entry.withheld {
        None => Withheld::default(),
        Some(list) => Withheld::new(list.iter().map(String::as_str)).map_err(InvalidSandbox::Withheld)?,
    };
    let within = |number: Option<usize>, usual: usize, range: RangeInclusive<usize>, wrong: InvalidSandbox| {
        let number = number.unwrap_or(usual);
        if range.contains(&number) { Ok(number) } else { Err(wrong) }
    };
    let exports = within(entry.exports, EXPORTS, 1..=EXPORTS_MAX, InvalidSandbox::Exports)?;
    let readable = within(entry.events, *EVENTS.end(), EVENTS, InvalidSandbox::Events)?;
    let worlds = within(entry.worlds, WORLDS, 0..=WORLDS_MAX, InvalidSandbox::Worlds)?;
    let streams = within(entry.streams, STREAMS, 1..=STREAMS_MAX, InvalidSandbox::Streams)?;
    let history_days = entry.history_days.unwrap_or(HISTORY_DAYS);
    if history_days > HISTORY_DAYS {
        return Err(InvalidSandbox::HistoryDays);
    }
    let is_kept = !(flags.ephemeral || entry.ephemeral);
    Ok(Sandbox {
        seed: flags.sandbox_seed.or(entry.seed).unwrap_or(SEED),
        history_days,
        region: region.parse().map_err(|error| InvalidSandbox::Region(region.to_owned(), error))?,
        withheld,
        journal: is_kept.then(|| data_dir.join("sandbox").join("main.journal")),
        shared_clock: entry.shared_clock,
        exports,
        events: readable,
        worlds,
        streams,
        policy: events.policy.clone(),
        roots: events.roots.clone(),
    })
}

/// The one that `keydesk sandbox` starts.
pub(crate) fn standalone(
    flags: StandaloneFlags,
    entry: &SandboxEntry,
    data_dir: &Path,
    from: &FromVariables,
) -> Result<Standalone, InvalidSandbox> {
    // It has no webhooks: those end with their keys, which nobody knows there.
    let sandbox = sandbox(&flags.flags, entry, data_dir, &EventOptions::default())?;
    let listen = from.text("sandbox_listen", flags.sandbox_listen, entry.listen.clone())?;
    let mut networks = from.list("sandbox_gateway", flags.sandbox_gateway, entry.gateway.clone())?;
    if networks.is_empty() {
        networks = HERE.map(str::to_owned).into();
    }
    let network = |text: String| Network::parse(&text).map_err(|_| InvalidSandbox::Gateway(text));
    let gateway = networks.into_iter().map(network).collect::<Result<_, _>>()?;
    let listen = listen.unwrap_or_else(|| LISTEN.to_owned());
    Ok(Standalone { sandbox, listen, gateway: TrustedProxies::new(gateway) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(flags: &SandboxFlags, text: &str) -> Result<Sandbox, String> {
        let entry = toml::from_str::<SandboxEntry>(text).map_err(|error| error.message().to_owned())?;
        sandbox(flags, &entry, Path::new("data"), &EventOptions::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_flag_goes_before_the_file_and_that_before_the_default() {
        let none = SandboxFlags::default();
        let usual = read(&none, "").unwrap();
        assert_eq!((usual.events, usual.worlds, usual.streams), (1_000_000, 8, 12_000));
        assert_eq!((usual.seed, usual.region.to_string().as_str(), usual.exports), (1, "AU", 4));
        assert_eq!(usual.journal.as_deref(), Some(Path::new("data/sandbox/main.journal")));
        let filed =
            "seed = 7\nregion = 'de'\nephemeral = true\nshared_clock = true\nexports = 2\nwithheld = ['nobody']";
        let given = read(&SandboxFlags { sandbox_seed: Some(9), ..SandboxFlags::default() }, filed).unwrap();
        assert_eq!((given.seed, given.region.to_string().as_str(), given.exports), (9, "DE", 2));
        let bounded = read(&none, "events = 5000\nworlds = 0\nstreams = 50").unwrap();
        assert_eq!((bounded.events, bounded.worlds, bounded.streams), (5_000, 0, 50));
        assert!(given.journal.is_none() && given.shared_clock);
        assert!(read(&SandboxFlags { ephemeral: true, ..none }, "").unwrap().journal.is_none());
    }

    #[test]
    fn what_can_t_be_is_refused_with_its_place() {
        let refused = |text: &str| read(&SandboxFlags::default(), text).unwrap_err();
        assert!(refused("region = 'XX'").starts_with("[sandbox] region: XX is not a region"));
        assert_eq!(refused("history_days = 31"), "[sandbox] history_days is 0 to 30.");
        assert_eq!(refused("exports = 0"), "[sandbox] exports is 1 to 64.");
        assert_eq!(refused("events = 999"), "[sandbox] events is 1000 to 1000000.");
        assert_eq!(refused("worlds = 65"), "[sandbox] worlds is 0 to 64.");
        assert_eq!(refused("streams = 0"), "[sandbox] streams is 1 to 100000.");
        assert!(refused("withheld = ['+']").starts_with("[sandbox] withheld must have"));
        assert!(refused("port = 1").contains("port"));
    }

    #[test]
    fn one_by_itself_answers_the_gateway_alone() {
        let (flags, from) = (StandaloneFlags::default(), FromVariables::default());
        let here = standalone(flags, &SandboxEntry::default(), Path::new("data"), &from).unwrap();
        assert_eq!(here.listen, "127.0.0.1:8090");
        let trusts = |text: &str| here.gateway.trusts(text.parse().unwrap());
        assert!(trusts("127.0.0.1") && trusts("::1") && !trusts("127.0.0.2") && !trusts("10.0.0.1"));
        let entry = SandboxEntry { gateway: vec!["10.0.0/8".to_owned()], ..SandboxEntry::default() };
        let refused = standalone(StandaloneFlags::default(), &entry, Path::new("data"), &from).unwrap_err();
        assert_eq!(refused.to_string(), "[sandbox] gateway: 10.0.0/8 is not a network such as 10.0.0.0/8.");
    }
}
