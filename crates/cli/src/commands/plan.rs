use std::path::PathBuf;

use clap::Args;

use super::{
    CommandContext, Failed, Format,
    output::Output,
    planned::{self, Document},
};

#[derive(Args)]
pub(super) struct Plan {
    /// The file that says what the installation has
    file: PathBuf,
    /// Keep the plan in a file, which `keydesk apply --plan` carries out exactly, or refuses when things have changed since
    #[arg(long, value_name = "PLAN")]
    out: Option<PathBuf>,
    /// Exit status 0 if all is as the file says, else 1
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    format: Format,
}

impl Plan {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let (_, file, planned) = planned::plan(context, &self.file).await?;
        let plan = planned.plan();
        let document = Document::of(plan, &file, false);
        if let Some(path) = &self.out {
            planned::keep(&document, path)?;
        }
        if self.format.json {
            output.json(&document)?;
        } else {
            planned::print(plan, output)?;
        }
        if self.check && !plan.is_settled() {
            return Err(Failed::new(format!(
                "not all is as {} says; `keydesk apply` makes it so.",
                self.file.display()
            )));
        }
        Ok(())
    }
}
