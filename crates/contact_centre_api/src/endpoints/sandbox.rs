//! What only made-up data has: other worlds, their clocks, and callers who are made up.

use contact_centre::{
    id::QueueId,
    objects::PhoneNumber,
    shared::NotNow,
    sim::Config,
    world::{Arriving, AsOf, Clock, World},
    worlds::{MAIN, WorldsError},
};
use http::{HeaderValue, StatusCode, header};
use model::Instant;
use serde::{Deserialize, Serialize};

use super::calls;
use crate::{
    asked::Asked,
    forms::number,
    protocol::{Answer, Problem, Sent, json, kinds},
};

#[derive(Serialize)]
struct WorldView<'a> {
    world: &'a str,
    seed: u64,
    epoch: &'a str,
    clock: ClockView,
    agents: usize,
    contacts: usize,
    live_calls: usize,
    /// Events that can be read again.
    events: usize,
    as_of: AsOf,
}

#[derive(Serialize)]
struct ClockView {
    at: Instant,
    /// 1 is as fast as the machine's; 0 while it stands.
    speed: f64,
    paused: bool,
}

impl ClockView {
    fn of(clock: &Clock, now: Instant) -> Self {
        Self { at: now, speed: f64::from(clock.permille()) / 1_000.0, paused: clock.permille() == 0 }
    }
}

fn shown(asked: &Asked, world: &World) -> Result<Answer, Problem> {
    let (state, config) = (world.state(), world.config());
    json(&WorldView {
        world: asked.caller.world.as_deref().unwrap_or(MAIN),
        seed: config.seed.0,
        epoch: world.epoch().as_str(),
        clock: ClockView::of(world.clock(), world.now()),
        agents: state.agents().count(),
        contacts: state.contact_count(),
        live_calls: state.live_count(),
        events: world.window().events().len(),
        as_of: world.as_of(),
    })
}

/// The world that the key's calls are about.
pub(crate) async fn get(asked: Asked) -> Result<Answer, Problem> {
    asked.no_query()?;
    asked.ask(|asked, world| shown(asked, world)).await
}

/// Refuses what would be felt by everybody, in the world that everybody shares.
pub(crate) fn own_world(asked: &Asked) -> Result<(), Problem> {
    if asked.caller.world.is_some() || asked.centre.settings().shared_world_is_led {
        return Ok(());
    }
    Err(Problem::new(&kinds::SHARED_WORLD)
        .detail("All test keys share the world main. Set sandbox_world of the key, and make that world with POST /v1/sandbox/worlds."))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CallForm {
    queue_id: QueueId,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    patience_ms: Option<i64>,
}

/// Has somebody call a queue. Without a number the caller withholds it.
pub(crate) async fn call(asked: Asked, sent: Sent) -> Result<Answer, Problem> {
    asked.no_query()?;
    let form = sent.read::<CallForm>()?;
    asked.may_see(form.queue_id)?;
    let from = form.from.as_deref().map(|from| number("from", from, None, asked.centre.settings())).transpose()?;
    let calling = asked.once_in_world(&sent, move |asked, world| {
        let from = from.unwrap_or_else(PhoneNumber::withheld);
        let arriving = Arriving { queue_id: form.queue_id, from, patience_ms: form.patience_ms };
        let id = world.have_call(&asked.actor(), arriving)?;
        let answer = calls::shown(asked, world, id)?.status(StatusCode::CREATED);
        Ok(answer.with_text(header::LOCATION, &format!("/v1/calls/{id}")))
    });
    calling.await
}

#[derive(Serialize)]
struct Worlds {
    items: Vec<String>,
    others_max: usize,
}

/// The worlds that there are.
pub(crate) async fn worlds(asked: Asked) -> Result<Answer, Problem> {
    asked.no_query()?;
    // Those of others are named to nobody: a key has one.
    let own = asked.caller.world.as_deref().map(str::to_owned);
    let items = std::iter::once(MAIN.to_owned()).chain(own).collect();
    json(&Worlds { items, others_max: asked.centre.worlds().others_max() })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WorldForm {
    seed: u64,
}

#[derive(Serialize)]
struct Made {
    world: String,
    seed: u64,
    as_of: AsOf,
}

/// Makes the world of the key, with its history. It takes some seconds.
pub(crate) async fn make_world(bare: crate::asked::Bare, sent: Sent) -> Result<Answer, Problem> {
    let WorldForm { seed } = sent.read()?;
    let Some(name) = bare.caller.world.as_deref().map(str::to_owned) else {
        return Err(Problem::new(&kinds::SHARED_WORLD)
            .detail("The key is of the world main. Set its sandbox_world first: that names the world that is made."));
    };
    let (centre, now) = (bare.centre.clone(), bare.now);
    let make = move || {
        let world = centre.worlds().make(&name, seeded(&centre.settings().world, seed), now).map_err(refused)?;
        world.read(|world| json(&Made { world: name.clone(), seed, as_of: world.as_of() }))
    };
    let making = async move {
        let made = tokio::task::spawn_blocking(make).await.map_err(|_| Problem::new(&kinds::INTERNAL_ERROR))??;
        Ok::<_, Problem>(
            made.status(StatusCode::CREATED).with(header::LOCATION, HeaderValue::from_static("/v1/sandbox")),
        )
    };
    bare.once_later(&sent, making).await
}

fn seeded(config: &Config, seed: u64) -> Config {
    let mut config = config.clone();
    config.seed = contact_centre::seed::Seed(seed);
    config
}

fn refused(error: WorldsError) -> Problem {
    let kind = match error {
        WorldsError::Name => &kinds::INVALID_FIELD,
        WorldsError::Taken => &kinds::WORLD_TAKEN,
        WorldsError::Full(_) => &kinds::FULL,
    };
    Problem::new(kind).detail(format!("{error}."))
}

/// What the clock shows.
pub(crate) async fn clock(asked: Asked) -> Result<Answer, Problem> {
    asked.no_query()?;
    asked.ask(|_, world| json(&ClockView::of(world.clock(), world.now()))).await
}

/// What is done to a clock.
#[derive(Debug, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
enum ClockForm {
    Pause,
    Resume,
    /// Sets it on by some milliseconds.
    Step {
        ms: i64,
    },
    /// Sets it on to an instant.
    Jump {
        to: Instant,
    },
    /// Lets it run faster or slower.
    Speed {
        speed: f64,
    },
}

/// Sets the clock. What falls into the time between happens first; whoever asks before it has is told to come back.
pub(crate) async fn set_clock(asked: Asked, sent: Sent) -> Result<Answer, Problem> {
    asked.no_query()?;
    let form = sent.read::<ClockForm>()?;
    own_world(&asked)?;
    // One thread at most waits for its turn again and again in the name of a key.
    let setting = asked.centre.answers().turn_of(asked.caller.key_id).await;
    let set = asked.once(&sent, move |asked| {
        let _setting = setting;
        in_turn(asked, |asked| {
            asked.world(|world| {
                let now = asked.now;
                match form {
                    ClockForm::Pause => world.pause_clock(now)?,
                    ClockForm::Resume => world.resume_clock(now)?,
                    ClockForm::Step { ms } => world.step_clock(now, ms)?,
                    ClockForm::Jump { to } => world.jump_clock(now, to)?,
                    ClockForm::Speed { speed } => world.set_speed(now, permille(speed)?)?,
                }
                Ok(())
            })
        })?;
        // Everything until then, in turns with whoever else asks.
        while !in_turn(asked, |asked| asked.world.tick(asked.now).map_err(|error| NotNow::Journal(error).into()))? {}
        in_turn(asked, |asked| asked.world(|world| json(&ClockView::of(world.clock(), world.now()))))
    });
    set.await
}

/// Does a piece of something long, after whoever has come meanwhile. On a thread that may wait.
fn in_turn<T>(asked: &Asked, act: impl FnOnce(&Asked) -> Result<T, Problem>) -> Result<T, Problem> {
    let _turn = asked.world.turn_of_thread();
    act(asked)
}

/// A speed in thousandths.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is checked to be between 1 and 1,000,000"
)]
fn permille(speed: f64) -> Result<u32, Problem> {
    let permille = (speed * 1_000.0).round();
    if !(1.0..=f64::from(Clock::FASTEST)).contains(&permille) {
        return Err(Problem::field("speed", "must be between 0.001 and 1000"));
    }
    Ok(permille as u32)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ResetForm {
    #[serde(default)]
    seed: Option<u64>,
}

/// Begins the world anew, by the same seed or another. Its log is of another epoch then.
pub(crate) async fn reset(asked: Asked, sent: Sent) -> Result<Answer, Problem> {
    asked.no_query()?;
    let ResetForm { seed } = sent.read()?;
    own_world(&asked)?;
    // One thread at most waits for its turn again and again in the name of a key.
    let setting = asked.centre.answers().turn_of(asked.caller.key_id).await;
    let begun = asked.once(&sent, move |asked| {
        let _setting = setting;
        let config = in_turn(asked, |asked| Ok(asked.world.read(|world| world.config().clone())))?;
        let seed = seed.unwrap_or(config.seed.0);
        asked.world.begin_anew(seeded(&config, seed), asked.now).map_err(NotNow::Journal)?;
        in_turn(asked, |asked| asked.world(|world| shown(asked, world)))
    });
    begun.await
}
