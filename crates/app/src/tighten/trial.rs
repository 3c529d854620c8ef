//! Report only: what is tried of a key, and whom it would have refused.

use domain::TrialReport;
use leptos::prelude::*;
use model::{Code, Key, Restriction, TrialFinding};

use super::{
    address,
    changes::{changes, times},
};
use crate::{
    ui::{
        Notice, Tone, count,
        labels::{end, relative, time},
        table_scroll, token_field,
    },
    web::own,
};

/// What is or was tried. `is_blind`: allowed calls are not recorded, so none is checked.
pub(super) fn trial(key: &Key, report: &TrialReport, may_change: bool, is_blind: bool) -> AnyView {
    let TrialReport { trial, is_over, checked, refused, findings, is_outdated, is_in_force } = report;
    let (path, is_in_force) = (address::path(key.id), *is_in_force);
    let apply = address::edit(key, &trial.restriction);
    let (badge, class) = if *is_over { ("Over", "badge") } else { ("Running", "badge accent") };
    let (from, to) = if *is_over { ("Tried from ", " to ") } else { ("Tried since ", ", until ") };
    let stop = if *is_over { "Forget the result" } else { "Stop" };
    view! {
        <section class="panel trial" aria-labelledby="trial">
            <h2 id="trial">"Report only " <span class=class>{badge}</span></h2>
            <p>{from} {time(trial.started_at)} {to} {end(trial.ends_at)} ". It refuses no call."</p>
            <dl class="about">
                <dt>"Calls checked"</dt>
                <dd>{count(*checked)}</dd>
                <dt>"It would have refused"</dt>
                <dd>{count(*refused)}</dd>
            </dl>
            {is_in_force.then(|| view! { <Notice tone=Tone::Good>"By now the key is restricted so."</Notice> })}
            {is_outdated
                .then(|| {
                    view! {
                        <Notice tone=Tone::Warning>
                            "The key was changed since: what is tried would allow something that the key no longer allows. Stop it, \
                             and try the new proposal."
                        </Notice>
                    }
                })}
            {(is_blind && !is_over)
                .then(|| {
                    view! {
                        <Notice tone=Tone::Warning>
                            "Keydesk is configured not to record allowed calls, so it checks none. Stop this: nothing is counted any more."
                        </Notice>
                    }
                })}
            <p>{verdict(*checked, *refused, *is_over, is_blind)}</p>
            {(!findings.is_empty()).then(|| found(findings))}
            <details class="trial-settings">
                <summary>"What is tried"</summary>
                {changes(&Restriction::of(&key.settings), &trial.restriction, None)}
            </details>
            {may_change
                .then(|| {
                    view! {
                        <div class="tighten-actions">
                            {(!is_in_force && !is_outdated)
                                .then(|| view! { <a class="button primary" href=apply>"Apply these settings…"</a> })}
                            <form method="post" action=own(&path) data-once>
                                {token_field()}
                                {address::started(trial.started_at)}
                                <button type="submit" class="button" name="intent" value="stop">{stop}</button>
                            </form>
                        </div>
                    }
                })}
        </section>
    }
    .into_any()
}

/// The result in a sentence.
fn verdict(checked: u64, refused: u64, is_over: bool, is_blind: bool) -> String {
    match (checked, refused) {
        (0, _) if is_blind => "No call was checked, so there is nothing to go by.".to_owned(),
        (0, _) if is_over => "No call was made while it was tried, so there is nothing to go by.".to_owned(),
        (0, _) => "No call was checked yet. Counts arrive within some seconds.".to_owned(),
        (_, 0) => "It would have refused nobody.".to_owned(),
        (_, refused) => format!("It would have refused {}:", times(refused)),
    }
}

fn found(findings: &[TrialFinding]) -> AnyView {
    let table = view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">"Why"</th>
                    <th scope="col">"Address"</th>
                    <th scope="col">"Calls"</th>
                    <th scope="col">"First"</th>
                    <th scope="col">"Last"</th>
                </tr>
            </thead>
            <tbody>{findings.iter().map(row).collect_view()}</tbody>
        </table>
    };
    table_scroll("Whom it would have refused", None, table.into_any())
}

fn row(finding: &TrialFinding) -> AnyView {
    let about = finding.of.as_ref().map(|of| of.about.clone()).filter(|about| !about.is_empty());
    let address = match &finding.of {
        Some(of) => of.address.map_or_else(|| "Not known".to_owned(), |address| address.to_string()),
        None => "Others, for which there was no room".to_owned(),
    };
    view! {
        <tr>
            <th scope="row">{why(finding.code)} {about.map(|about| view! { " " <code translate="no">{about}</code> })}</th>
            <td><bdi translate="no">{address}</bdi></td>
            <td>{count(finding.calls)}</td>
            <td>{time(finding.first_at)}</td>
            <td>{relative(finding.last_at)}</td>
        </tr>
    }
    .into_any()
}

/// The reason in words.
const fn why(code: Code) -> &'static str {
    match code {
        Code::IpNotAllowed => "Address not allowed",
        Code::OriginNotAllowed => "Origin not allowed",
        Code::InsufficientScope => "Scope not held",
        _ => "Not allowed",
    }
}
