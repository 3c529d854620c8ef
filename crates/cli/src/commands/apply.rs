use std::{
    io::{self, IsTerminal as _, Write as _},
    path::PathBuf,
};

use clap::Args;
use domain::{ApplyError, Plan, Prepared};
use model::ClaimKind;

use super::{
    CommandContext, Failed, Format,
    output::Output,
    planned::{self, Document},
};
use crate::{
    apply_file::{self, ApplyFile},
    routes_file::{Aside, WantedRoutes},
    secret_out::Put,
};

#[derive(Args)]
pub(super) struct Apply {
    /// The file that says what the installation has
    #[arg(required_unless_present = "schema")]
    file: Option<PathBuf>,
    /// Carry out this plan, which `keydesk plan --out` has kept, exactly, or nothing
    #[arg(long, value_name = "PLAN")]
    plan: Option<PathBuf>,
    /// Don't ask
    #[arg(long)]
    yes: bool,
    /// Print what such a file may say, as a JSON schema for editors
    #[arg(long)]
    pub(super) schema: bool,
    #[command(flatten)]
    format: Format,
}

/// Prints the schema of files. Nothing is opened for it.
pub(super) fn print_schema(output: &mut Output) -> Result<(), Failed> {
    Ok(output.json(&apply_file::schema())?)
}

impl Apply {
    pub(super) async fn run(self, context: &CommandContext, output: &mut Output) -> Result<(), Failed> {
        let path = self.file.clone().unwrap_or_default();
        let kept = self.plan.as_deref().map(Document::read).transpose()?;
        let (operator, file, planned) = planned::plan(context, &path).await?;
        let plan = planned.plan().clone();
        if let Some(kept) = &kept {
            require_same(kept, &Document::of(&plan, &file, false))?;
        }
        if !self.format.json {
            planned::print(&plan, output)?;
        }
        if plan.steps.is_empty() {
            return if self.format.json { Ok(output.json(&Document::of(&plan, &file, false))?) } else { Ok(()) };
        }
        if kept.is_none() {
            self.ask()?;
        }
        // All that could fail comes before the change; what was made for it goes again, should it fail all the same.
        let routes = routes(context, &plan, &file)?;
        let prepared = context.keydesk.prepare_file(&operator, planned).await?;
        let put = hand_over(&prepared, &file)?;
        let applied = context.keydesk.apply_file(&operator, prepared, file.digest).await;
        match &applied {
            // Whoever has a secret that perhaps works keeps it.
            Ok(()) | Err(ApplyError::Unknown) => put.into_iter().for_each(Put::keep),
            Err(_) => drop(put),
        }
        applied?;
        let placed = routes.map_or(Ok(()), Aside::place).map_err(|error| {
            Failed::new(format!("all is done but the routes, which can't be written: {error}; apply the file again."))
        });
        let printed = output.told("the file was applied", |output| {
            if self.format.json {
                return Ok(output.json(&Document::of(&plan, &file, true))?);
            }
            Ok(output.line("Done.")?)
        });
        Failed::both(placed, printed)
    }

    /// Goes on only if somebody says so.
    fn ask(&self) -> Result<(), Failed> {
        if self.yes {
            return Ok(());
        }
        if self.format.json || !io::stdin().is_terminal() {
            return Err(Failed::new(
                "Nothing was changed: say --yes to apply the file, or --plan with a plan that was kept.",
            ));
        }
        let mut out = io::stdout();
        write!(out, "Apply it? [y/N] ").and_then(|()| out.flush())?;
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        match line.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => Ok(()),
            _ => Err(Failed::new("Nothing was changed.")),
        }
    }
}

/// Refuses a kept plan of another file, and one whose steps would be others now.
fn require_same(kept: &Document, now: &Document) -> Result<(), Failed> {
    if kept.digest != now.digest {
        return Err(Failed::new("The file is not the one that was planned with, so nothing was changed. Plan again."));
    }
    let Some(step) = kept.plan.difference(&now.plan) else { return Ok(()) };
    Err(Failed::new(format!(
        "The {} {} is not as it was when the plan was made, at epoch {} (now {}), so nothing was changed. Plan again.",
        step.kind, step.name, kept.plan.epoch, now.plan.epoch
    )))
}

/// The routes, written beside their file, if the plan has a step for them.
fn routes(context: &CommandContext, plan: &Plan, file: &ApplyFile) -> Result<Option<Aside>, Failed> {
    if !plan.steps.iter().any(|step| step.kind == ClaimKind::Routes) {
        return Ok(None);
    }
    let Some(path) = &context.in_front.file else { return Ok(None) };
    let none = WantedRoutes::none();
    let text = &file.routes.as_ref().unwrap_or(&none).text;
    let aside = Aside::write(path, text);
    aside.map(Some).map_err(|error| Failed::new(format!("{} can't be written: {error}.", path.display())))
}

/// Hands the new secrets over. Where one does not arrive, those before it are taken back, and nothing is made.
fn hand_over(prepared: &Prepared, file: &ApplyFile) -> Result<Vec<Put>, Failed> {
    let made = prepared.secrets();
    let to = |kind, name: &str| file.secrets.get(&(kind, name.to_owned()));
    let refused = |what: &str, why: String| {
        Failed::new(format!("The secret of {what} could not be handed over, so nothing was changed: {why}."))
    };
    for made in &made {
        if let Some(to) = to(made.kind, made.name) {
            to.check().map_err(|why| refused(made.name, why))?;
        }
    }
    let mut put = Vec::new();
    for made in &made {
        if let Some(to) = to(made.kind, made.name) {
            put.push(to.put(file.wanted.file.as_str(), made).map_err(|why| refused(made.name, why))?);
        }
    }
    Ok(put)
}
