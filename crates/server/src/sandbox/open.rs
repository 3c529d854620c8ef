use std::{fs, io};

use cli::Sandbox;
use contact_centre::{sim::Config, world::World, worlds::Worlds};
use contact_centre_api::{Centre, Gateway, Settings, Source};
use domain::{Clock as _, Entropy as _, SystemClock, SystemEntropy};
use model::{Instant, TrustedProxies};

use super::webhooks;

/// The machine's clock and randomness.
struct Machine;

impl Source for Machine {
    fn now(&self) -> Instant {
        SystemClock.now()
    }

    fn fill(&self, bytes: &mut [u8]) {
        SystemEntropy.fill(bytes);
    }
}

/// Opens the world that all share, or makes it up, and what else there is around it. `notifies`: whether there are webhooks. In
/// words: why it can't be.
pub(super) async fn open(sandbox: Sandbox, gateway: TrustedProxies, notifies: bool) -> Result<Centre, String> {
    let opening = tokio::task::spawn_blocking(move || {
        let mut config = Config { history_days: sandbox.history_days, ..Config::new(sandbox.seed) };
        config.bounds.events_max = sandbox.events;
        let world = world(&sandbox, config.clone())?;
        let settings = Settings {
            gateway: Gateway { addresses: gateway },
            region: sandbox.region,
            withheld: sandbox.withheld.clone(),
            world: config,
            shared_world_is_led: sandbox.shared_clock,
            exports_max: sandbox.exports,
            streams_max: sandbox.streams,
        };
        let centre = Centre::new(Worlds::with_others(world, sandbox.worlds), Machine, settings);
        // Calls do not need them. Whoever wants one is told that there are none.
        if notifies && let Err(error) = webhooks::open(&centre, &sandbox) {
            tracing::error!(error, "the contact centre for test keys has no webhooks");
        }
        Ok(centre)
    });
    opening.await.unwrap_or_else(|error| Err(error.to_string()))
}

fn world(sandbox: &Sandbox, config: Config) -> Result<World, String> {
    let now = SystemClock.now();
    let Some(journal) = &sandbox.journal else { return Ok(World::ephemeral(config, now)) };
    let made = journal.parent().map_or(Ok(()), make_private);
    made.map_err(|error| format!("the folder of {} can't be made: {error}", journal.display()))?;
    let world = World::open(config, journal, now).map_err(|error| error.to_string())?;
    if let Some(loss) = world.loss() {
        let journal = journal.display().to_string();
        tracing::warn!(journal, why = %loss, "what happened in the contact centre was lost in part; readers of its events begin anew");
    }
    Ok(world)
}

/// What test keys have written is nobody else's on this machine.
fn make_private(folder: &std::path::Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}
