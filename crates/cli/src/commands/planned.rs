//! Plans of files: made, printed, kept, and compared with one that was kept.

use std::{
    fs,
    path::{Path, PathBuf},
};

use domain::{Caller, FieldChange, Plan, Planned, Step, StepAction};
use gate::forward::config as forward;
use model::ClaimKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{CommandContext, Failed, output::Output};
use crate::{
    apply_file::ApplyFile,
    config::routes_in,
    routes_file::{WantedRoutes, lines_of},
};

/// What a document with a plan is.
const FORMAT: &str = "keydesk.plan/1";
/// Most bytes of a kept plan.
const KEPT_MAX: u64 = 16 * 1024 * 1024;

/// Where routes are, and what they must fit to.
pub(super) struct InFront {
    pub(super) file: Option<PathBuf>,
    pub(super) forward: forward::Settings,
}

/// A plan as it is printed in JSON and kept in a file. It has no secret.
#[derive(Serialize, Deserialize)]
pub(super) struct Document {
    pub(super) format: String,
    /// The digest of the file's text.
    pub(super) digest: String,
    /// Whether it was carried out.
    pub(super) applied: bool,
    #[serde(flatten)]
    pub(super) plan: Plan,
}

impl Document {
    pub(super) fn of(plan: &Plan, file: &ApplyFile, applied: bool) -> Self {
        Self { format: FORMAT.to_owned(), digest: hex(&file.digest), applied, plan: plan.clone() }
    }

    /// Reads one that was kept.
    pub(super) fn read(path: &Path) -> Result<Self, Failed> {
        let shown = path.display();
        let unreadable = |why: String| Failed::new(format!("{shown} {why}"));
        let size = fs::metadata(path).map_err(|error| unreadable(format!("can't be read: {error}")))?.len();
        if size > KEPT_MAX {
            return Err(unreadable("is no kept plan: it is too large.".to_owned()));
        }
        let text = fs::read_to_string(path).map_err(|error| unreadable(format!("can't be read: {error}")))?;
        let read: Self =
            serde_json::from_str(&text).map_err(|error| unreadable(format!("is no kept plan: {error}")))?;
        if read.format == FORMAT { Ok(read) } else { Err(unreadable("is no plan of this release.".to_owned())) }
    }
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a file, and plans what applying it would do.
pub(super) async fn plan(context: &CommandContext, path: &Path) -> Result<(Caller, ApplyFile, Planned), Failed> {
    let named = context.named().await?;
    let mut file = ApplyFile::read(path, &named.time_zone)?;
    if let Some(meant) = file.installation.as_ref().filter(|meant| **meant != named.name) {
        return Err(Failed::new(format!(
            "{} is for the installation {meant}, and {} is meant; name it with --installation.",
            path.display(),
            named.name
        )));
    }
    let in_front = &context.in_front;
    match &in_front.file {
        Some(routes) => {
            file.wanted.routes_now = lines_of(routes_in(routes)?).map_err(Failed::new)?;
        }
        None if file.routes.is_some() => {
            return Err(Failed::new(
                "the file has routes, and the configuration says not where they go; name a file as routes_file in the file that \
                 --config names.",
            ));
        }
        None => {}
    }
    if let Some(WantedRoutes { table, .. }) = &file.routes {
        in_front.forward.require_upstreams(table)?;
    }
    let operator = Caller::operator(named.id);
    let planned = context.keydesk.plan_file(&operator, &file.wanted).await?;
    let writes_routes = planned.plan().steps.iter().any(|step| step.kind == ClaimKind::Routes);
    if writes_routes && in_front.file.is_none() {
        return Err(Failed::new(
            "the routes that this file had would be removed, and the configuration says not where they are; name that file as \
             routes_file in the file that --config names.",
        ));
    }
    Ok((operator, file, planned))
}

/// Prints a plan in words.
pub(super) fn print(plan: &Plan, output: &mut Output) -> Result<(), Failed> {
    for step in &plan.steps {
        output.line(&head(step))?;
        for change in &step.changes {
            output.line(&format!("    {}", changed(step, change)))?;
        }
        if step.drifted {
            output.line("    It was changed by hand since this file was applied.")?;
        }
        for stops in &step.stops {
            output.line(&format!("    stops: {stops}"))?;
        }
    }
    for left in &plan.left_alone {
        output.line(&format!("! {} {}: left alone: {}.", left.kind, left.name, left.reason))?;
    }
    if plan.steps.is_empty() {
        return Ok(output.line("Nothing is to be done.")?);
    }
    Ok(output.line(&counted(plan))?)
}

/// How many steps of each kind there are.
pub(super) fn counted(plan: &Plan) -> String {
    let counts = [
        (StepAction::Add, "to add"),
        (StepAction::Change, "to change"),
        (StepAction::Claim, "to take over"),
        (StepAction::Remove, "to remove"),
        (StepAction::Release, "to release"),
    ];
    let counts = counts.map(|(action, words)| format!("{} {words}", plan.count(action)));
    format!("{}.", counts.join(", "))
}

fn head(step: &Step) -> String {
    let (mark, does) = match step.action {
        StepAction::Add => ("+", "is made"),
        StepAction::Change => ("~", "is changed"),
        StepAction::Claim => ("=", "is held by this file from now on"),
        StepAction::Remove => ("-", "is removed"),
        StepAction::Release => ("<", "is no longer held by this file, and stays as it is"),
    };
    let id = step.id.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
    let secret = step.secret.as_ref().map(|to| format!("; its secret goes to {to}")).unwrap_or_default();
    format!("{mark} {} {} ({}{id}) {does}{secret}", step.kind, step.name, step.title)
}

fn changed(step: &Step, change: &FieldChange) -> String {
    match (change.private, step.action) {
        (true, _) => format!("{}: another", change.field),
        (false, StepAction::Add) if step.kind != ClaimKind::Routes => {
            format!("{}: {}", change.field, words(&change.to))
        }
        (false, _) => format!("{}: {} -> {}", change.field, words(&change.from), words(&change.to)),
    }
}

/// A value of JSON on a line.
fn words(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

/// Keeps a plan in a file.
pub(super) fn keep(document: &Document, path: &Path) -> Result<(), Failed> {
    let text = serde_json::to_string_pretty(document)?;
    let written = fs::write(path, format!("{text}\n"));
    written.map_err(|error| Failed::new(format!("{} can't be written: {error}.", path.display())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_told_on_a_line() {
        for (value, told) in [
            (json!(null), "none"),
            (json!([]), "none"),
            (json!(["calls:read", "contacts:read"]), "calls:read contacts:read"),
            (json!("live"), "live"),
            (json!(true), "true"),
            (json!([{ "name": "a" }]), r#"[{"name":"a"}]"#),
        ] {
            assert_eq!(words(&value), told);
        }
    }
}
