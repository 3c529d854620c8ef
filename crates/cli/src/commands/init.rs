use clap::Args;
use domain::{Keydesk, OpenOptions};
use serde::Serialize;

use super::{Failed, Format, output::Output};
use crate::{config::Settings, open::options};

#[derive(Args)]
pub(super) struct Init {
    #[command(flatten)]
    format: Format,
}

#[derive(Serialize)]
struct Report {
    /// False: there was one, and nothing was changed.
    made: bool,
}

impl Init {
    pub(super) async fn run(self, settings: &Settings, output: &mut Output) -> Result<(), Failed> {
        let was_there = Keydesk::is_founded(&settings.database).await?;
        // Also where there is one: a first start that was broken off is finished.
        Keydesk::open(OpenOptions { found: true, ..options(settings) }).await?.close().await;
        let done = if was_there {
            "a deployment exists already, and nothing was changed"
        } else {
            "the deployment was created"
        };
        output.told(done, |output| {
            if self.format.json {
                return Ok(output.json(&Report { made: !was_there })?);
            }
            Ok(output.line(if was_there {
                "A deployment exists already; nothing was changed."
            } else {
                "The deployment was created. Keep copies of its keyring and of its database, apart from each other."
            })?)
        })
    }
}
