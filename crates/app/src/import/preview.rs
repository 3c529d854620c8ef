use domain::{ImportPreview, ImportReport, ReportedLine};
use leptos::prelude::*;
use model::{ImportLine, ImportOutcome};

use crate::{
    ApiError,
    ui::{Notice, Tone, count, labels::time, table_scroll, token_field},
    web::{own, upload::PATH},
};

/// What becomes of the rows, and the buttons that decide.
pub(super) fn preview_page(preview: &ImportPreview, refused: Option<&ApiError>) -> AnyView {
    let ImportPreview { id, report, live_at } = preview;
    let refused = refused.map(ToString::to_string).map(|words| {
        view! { <div role="alert" data-announce><Notice tone=Tone::Bad>{words}</Notice></div> }
    });
    let (imported, left_out) = (report.summary.imported, report.summary.left_out());
    let lead = match *live_at {
        Some(at) => view! {
            <div role="status" data-announce>
                <Notice tone=Tone::Good>
                    {keys(imported, "was imported and works", "were imported and work")} ", since " {time(at)} "."
                </Notice>
            </div>
            <p><a href="/keys" rel="external">"Show all keys"</a></p>
        }
        .into_any(),
        None => view! {
            <p>"Nothing works yet. Your preview is kept for 15 minutes; import the file again after that."</p>
        }
        .into_any(),
    };
    view! {
        <div class="key-page import">
            <nav class="crumbs" aria-label="Breadcrumb">
                <a href="/keys" rel="external">"API Keys"</a>
                " › "
                <a href=PATH>"Import keys"</a>
            </nav>
            <header>
                <h1>{if live_at.is_some() { "Keys imported" } else { "What would be imported" }}</h1>
            </header>
            {refused}
            {lead}
            {numbers(report)}
            {live_at.is_none().then(|| decide(&own(&format!("{PATH}/{id}")), imported, left_out))}
            {(!report.left_out.is_empty()).then(|| left_out_rows(report))}
            {(!report.taken.is_empty()).then(|| taken_rows(report))}
        </div>
    }
    .into_any()
}

/// `1 key was imported`, `1,204 keys were imported`.
fn keys(number: u32, one: &str, many: &str) -> String {
    if number == 1 { format!("1 key {one}") } else { format!("{} keys {many}", count(number.into())) }
}

fn numbers(report: &ImportReport) -> AnyView {
    let summary = report.summary;
    let rows = [
        ("Rows", summary.rows),
        ("New keys", summary.imported),
        ("Imported before", summary.unchanged),
        ("Imported before, with other settings", summary.conflict),
        ("Here already", summary.exists),
        ("Refused", summary.refused),
    ];
    let pairs = rows.into_iter().map(|(name, number)| view! { <dt>{name}</dt> <dd>{count(number.into())}</dd> });
    view! {
        <section class="panel" aria-labelledby="numbers">
            <h2 id="numbers">"Rows"</h2>
            <dl class="about">{pairs.collect_view()}</dl>
        </section>
    }
    .into_any()
}

fn decide(action: &str, imported: u32, left_out: u32) -> AnyView {
    let button = match (imported, left_out) {
        (0, _) => None,
        (1, _) => Some("Import 1 key".to_owned()),
        (number, _) => Some(format!("Import {} keys", count(number.into()))),
    };
    let without = match left_out {
        0 => None,
        1 => Some("1 row is left out.".to_owned()),
        number => Some(format!("{} rows are left out.", count(number.into()))),
    };
    let nothing = button.is_none().then(|| {
        view! { <Notice tone=Tone::Warning>"There is nothing new to import."</Notice> }
    });
    view! {
        {nothing}
        <form class="import-decide" method="post" action=action.to_owned() data-once>
            {token_field()}
            {button
                .map(|words| {
                    view! { <button type="submit" class="button primary" name="intent" value="import">{words}</button> }
                })}
            <button type="submit" class="button" name="intent" value="cancel">"Cancel"</button>
            {without.map(|words| view! { <span class="faint">{words}</span> })}
        </form>
    }
    .into_any()
}

fn left_out_rows(report: &ImportReport) -> AnyView {
    let more = report.left_out_more();
    let rows = report.left_out.iter().map(|reported| {
        let ReportedLine { line: ImportLine { line, result, id, code, field }, client_name } = reported;
        let why = code.map_or("", model::ImportCode::words);
        let key = id.map(|id| view! { " " <a href=format!("/keys/{id}")>"Show the key"</a> });
        view! {
            <tr>
                <th scope="row">{count((*line).into())}</th>
                <td><bdi translate="no">{client_name.clone()}</bdi></td>
                <td>{outcome(*result)}</td>
                <td>{why} {field.clone().map(|field| view! { " (" <code translate="no">{field}</code> ")" })} {key}</td>
            </tr>
        }
    });
    let table = view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">"Line"</th>
                    <th scope="col">"Client Name"</th>
                    <th scope="col">"Result"</th>
                    <th scope="col">"Why"</th>
                </tr>
            </thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
    };
    view! {
        <section class="panel" aria-labelledby="left-out">
            <h2 id="left-out">"Rows that are left out"</h2>
            {table_scroll("Rows that are left out", None, table.into_any())}
            {(more > 0).then(|| view! { <p class="faint">{format!("And {} more.", count(more.into()))}</p> })}
        </section>
    }
    .into_any()
}

fn taken_rows(report: &ImportReport) -> AnyView {
    let rows = report.taken.iter().map(|reported| {
        let ReportedLine { line, client_name } = reported;
        view! {
            <tr>
                <th scope="row">{count(line.line.into())}</th>
                <td><bdi translate="no">{client_name.clone()}</bdi></td>
                <td>{outcome(line.result)}</td>
            </tr>
        }
    });
    let table = view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">"Line"</th>
                    <th scope="col">"Client Name"</th>
                    <th scope="col">"Result"</th>
                </tr>
            </thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
    };
    view! {
        <section class="panel" aria-labelledby="taken">
            <h2 id="taken">"The first rows that are taken"</h2>
            {table_scroll("The first rows that are taken", None, table.into_any())}
        </section>
    }
    .into_any()
}

/// What becomes of a row, in words.
const fn outcome(result: ImportOutcome) -> &'static str {
    match result {
        ImportOutcome::Imported => "New key",
        ImportOutcome::Unchanged => "Imported before",
        ImportOutcome::Conflict => "Other settings",
        ImportOutcome::Exists => "Here already",
        ImportOutcome::Refused => "Refused",
    }
}
