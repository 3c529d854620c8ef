//! Runs that tell a program how it copes with what goes wrong.

use std::time::Duration;

use contact_centre::{
    conformance::{Act, Played, Run, Scored, Use},
    objects::Wrap,
    worlds::MAIN,
};
use http::{HeaderValue, StatusCode, header};
use model::Instant;
use serde::{Deserialize, Serialize};
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use super::faults;
use crate::{
    asked::Asked,
    centre::Centre,
    protocol::{Answer, Problem, Sent, json},
};

/// How often it is looked what a run wants done.
const LOOK: Duration = Duration::from_millis(200);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConformanceForm {
    uses: Vec<Use>,
}

#[derive(Serialize)]
struct Conformance {
    /// Null before the first.
    run: Option<RunView>,
    checks: Vec<Scored>,
    points: u32,
    of: u32,
    /// `points` of `of`; null where there is nothing to have.
    score_ratio: Option<f64>,
}

#[derive(Serialize)]
struct RunView {
    uses: Vec<Use>,
    /// `running` or `done`.
    state: &'static str,
    started_at: Instant,
    /// When it ends at the latest.
    ends_at: Instant,
    ended_at: Option<Instant>,
    played: Vec<Played>,
}

/// Begins a run of the key in place of its last one.
pub(crate) async fn post(asked: Asked, sent: Sent) -> Result<Answer, Problem> {
    asked.no_query()?;
    let ConformanceForm { uses } = sent.read()?;
    if uses.is_empty() || uses.len() > Use::ALL.len() {
        return Err(Problem::field("uses", format!("must have 1 to {} entries", Use::ALL.len())));
    }
    let begun = asked.once(&sent, move |asked| {
        let of = Of::the(asked);
        if let Some(webhooks) = asked.centre.pushed().webhooks.get() {
            webhooks.leave(of.key);
        }
        let number = asked.centre.runs().begin(of.key, Run::new(&uses, asked.centre.now()));
        of.step(&asked.centre);
        tokio::spawn(lead(asked.centre.downgrade(), of, number));
        let answer = shown(asked)?.status(StatusCode::CREATED);
        Ok(answer.with(header::LOCATION, HeaderValue::from_static("/v1/sandbox/conformance")))
    });
    begun.await
}

/// What the last run of the key has come to.
pub(crate) async fn get(asked: Asked) -> Result<Answer, Problem> {
    asked.no_query()?;
    asked
        .aside(|asked| {
            Of::the(asked).step(&asked.centre);
            shown(asked)
        })
        .await
}

fn shown(asked: &Asked) -> Result<Answer, Problem> {
    let run = asked.centre.runs().with(asked.caller.key_id, |run| run.clone());
    let score = run.as_ref().map(Run::score).unwrap_or_default();
    json(&Conformance {
        run: run.map(|run| RunView {
            uses: run.uses().to_vec(),
            state: if run.ended_at().is_some() { "done" } else { "running" },
            started_at: run.started_at(),
            ends_at: run.ends_at(),
            ended_at: run.ended_at(),
            played: run.played().to_vec(),
        }),
        checks: score.checks,
        points: score.points,
        of: score.of,
        score_ratio: (score.of > 0).then(|| f64::from(score.points) / f64::from(score.of)),
    })
}

/// Does what a run wants done until it ends, another begins, or nobody has the contact centre any more.
async fn lead(centre: crate::centre::WeakCentre, of: Of, number: u64) {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let Some(centre) = centre.upgrade() else { return };
        if centre.runs().number(of.key) != Some(number) {
            return;
        }
        let of = of.clone();
        // It may wait for the world.
        let goes_on = tokio::task::spawn_blocking(move || of.step(&centre)).await;
        if !matches!(goes_on, Ok(true)) {
            return;
        }
    }
}

/// Whose run it is, and in which world.
#[derive(Clone, Debug)]
struct Of {
    key: Uuid,
    world: Option<Box<str>>,
}

impl Of {
    fn the(asked: &Asked) -> Self {
        Self { key: asked.caller.key_id, world: asked.caller.world.clone() }
    }

    /// Does what the run wants done now, on a thread that may wait. Whether it goes on.
    fn step(&self, centre: &Centre) -> bool {
        let _turn = centre.runs().turn();
        let now = centre.now();
        while let Some(Some(act)) = centre.runs().with(self.key, |run| run.due(now)) {
            let done = match act {
                Act::Cut => {
                    let count = centre.pushed().lines.cut(self.key);
                    let _ = centre.runs().with(self.key, |run| run.cut(count, now));
                    count > 0
                }
                Act::LateWrap => {
                    let done = self.late_wrap(centre, now);
                    if done {
                        let _ = centre.runs().with(self.key, |run| run.revised(now));
                    }
                    done
                }
            };
            // Nothing to do it with is there yet.
            if !done {
                break;
            }
        }
        self.receivers(centre, now)
    }

    /// Tries the receivers of the key for as long as the run goes on. Whether it does.
    fn receivers(&self, centre: &Centre, now: Instant) -> bool {
        let uses = |run: &mut Run| run.uses().contains(&Use::Webhook);
        let tries = centre.runs().goes_on(self.key, now) && centre.runs().with(self.key, uses) == Some(true);
        let webhooks = centre.pushed().webhooks.get();
        let trial = webhooks.filter(|_| tries).and_then(|webhooks| webhooks.try_out(self.key));
        let received = |run: &mut Run| {
            run.received(trial.as_ref(), now);
            run.pass(now);
            run.ended_at().is_none()
        };
        let goes_on = centre.runs().with(self.key, received) == Some(true);
        if !goes_on && let Some(webhooks) = webhooks {
            webhooks.leave(self.key);
        }
        goes_on
    }

    /// Has somebody note something else of a call. In the world that all share it is none of which a program has noted something.
    fn late_wrap(&self, centre: &Centre, now: Instant) -> bool {
        let Some(world) = centre.worlds().get(self.world.as_deref().unwrap_or(MAIN), now) else { return false };
        let may = |wrap: &Wrap| self.world.is_some() || wrap.by.key_id.is_none();
        faults::note_late(&world, now, may).is_ok()
    }
}
