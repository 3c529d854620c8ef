//! What goes wrong on purpose, so that whoever follows can see whether they notice.

use contact_centre::webhooks::Faults;
use serde::Deserialize;

use crate::{
    asked::Asked,
    endpoints::{faults, sandbox},
    protocol::{Answer, Problem, Sent},
};

/// Deliveries that come twice, at most.
const DUPLICATES_MAX: u32 = 1_000;
/// How much later events come, at most, in milliseconds.
const DELAY_MAX_MS: i64 = 600_000;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct FaultsForm {
    drop_streams: bool,
    duplicate_webhooks: u32,
    delay_webhooks_ms: i64,
    rate_limited: u32,
    slow_recordings: u32,
    late_wrap: bool,
}

/// Cuts the streams of the world, has deliveries to the key's webhooks come twice or late, calls be too many,
/// recordings not be ready, and a wrap be late. An empty request ends what goes wrong.
pub(super) async fn post(asked: Asked, sent: Sent) -> Result<Answer, Problem> {
    asked.no_query()?;
    sandbox::own_world(&asked)?;
    let form: FaultsForm = sent.read()?;
    if form.duplicate_webhooks > DUPLICATES_MAX {
        return Err(Problem::field("duplicate_webhooks", format!("must be at most {DUPLICATES_MAX}")));
    }
    if !(0..=DELAY_MAX_MS).contains(&form.delay_webhooks_ms) {
        return Err(Problem::field("delay_webhooks_ms", format!("must be between 0 and {DELAY_MAX_MS}")));
    }
    // One thread at most waits for its turn again and again in the name of a key.
    let setting = asked.centre.answers().turn_of(asked.caller.key_id).await;
    let set = asked.once(&sent, move |asked| {
        let _setting = setting;
        set(asked, &form)
    });
    set.await
}

fn set(asked: &Asked, form: &FaultsForm) -> Result<Answer, Problem> {
    faults::set(asked, form.rate_limited, form.slow_recordings)?;
    let pushed = asked.centre.pushed();
    if let Some(webhooks) = pushed.webhooks.get() {
        let faults = Faults { duplicates: form.duplicate_webhooks, delay_ms: form.delay_webhooks_ms };
        webhooks.fail(asked.caller.key_id, faults);
    }
    if form.drop_streams {
        pushed.hubs.cut(&asked.world);
    }
    if form.late_wrap {
        faults::late_wrap(asked)?;
    }
    Ok(Answer::nothing())
}
