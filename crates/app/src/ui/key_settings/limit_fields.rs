//! The fields of limits, of a key as of a ceiling: a row for each that there is, and empty ones up to as many as there can be.
//! Without scripts all rows are seen; `limits.js` hides those that are empty behind a button, and says in words what each comes to
//! while it is typed.

use leptos::prelude::*;
use model::{Period, QUOTAS_MAX, RATE_LIMITS_MAX};

use super::limit_rows::{LimitRows, QuotaRow, RateRow, UNITS};
use crate::FieldProblem;

/// The fields, with what is wrong with them, to which the focus goes by the name of the group. `with_preset`: a new key may have the limits of its preset instead.
pub(crate) fn limit_fields(rows: &LimitRows, problems: &[FieldProblem], with_preset: bool) -> AnyView {
    let rates = (0..RATE_LIMITS_MAX).map(|row| rate(row, rows.rates.get(row))).collect_view();
    let quotas = (0..QUOTAS_MAX).map(|row| quota(row, rows.quotas.get(row))).collect_view();
    let choice = if with_preset {
        view! {
            <div class="field">
                <label for="limits">"Limits"</label>
                <select class="choice" name="limits" id="limits">
                    <option value="preset" selected=rows.of_preset>"Those of the integration"</option>
                    <option value="own" selected=!rows.of_preset>"Those that are written below"</option>
                </select>
            </div>
        }
        .into_any()
    } else {
        view! { <input type="hidden" name="limits" value="own"/> }.into_any()
    };
    view! { {choice} {kind(&RATES, problems, rates.into_any())} {kind(&QUOTAS, problems, quotas.into_any())} }
        .into_any()
}

/// Rate limits or quotas.
struct Kind {
    field: &'static str,
    /// What `limits.js` knows it by.
    script: &'static str,
    legend: &'static str,
    hint: &'static str,
    add: &'static str,
}

const RATES: Kind = Kind {
    field: "rate_limits",
    script: "rate",
    legend: "Rate limits",
    hint: "How many calls may come in a window of time. A limit without a name and calls is none. Without any, as many come as may.",
    add: "Add rate limit",
};
const QUOTAS: Kind = Kind {
    field: "quotas",
    script: "quota",
    legend: "Quotas",
    hint: "How many calls may come in an hour, a day or a month of the calendar. Without a time zone, it is the installation's calendar.",
    add: "Add quota",
};

/// All limits of a kind, and what is wrong with them.
fn kind(of: &Kind, problems: &[FieldProblem], rows: AnyView) -> AnyView {
    let Kind { field, script, legend, hint, add } = *of;
    let wrong: Vec<_> =
        problems.iter().filter(|problem| problem.field == field).map(|problem| problem.message.clone()).collect();
    view! {
        <fieldset
            class="limit-fields"
            name=field
            tabindex="-1"
            data-limits=script
            aria-describedby=format!("{field}-problem {field}-hint")
        >
            <legend>{legend}</legend>
            <p class="field-note" id=format!("{field}-hint")>{hint}</p>
            {rows}
            <button type="button" class="button small scripted" data-add>{add}</button>
            <p class="field-note wrong" id=format!("{field}-problem") data-problem=field>{wrong.join("\n")}</p>
        </fieldset>
    }
    .into_any()
}

/// A field with its label. Every name stands in each row, so the id has the row's number.
fn cell(
    row: usize,
    name: &'static str,
    label: &'static str,
    value: String,
    more: (&'static str, &'static str, &'static str),
) -> AnyView {
    let id = format!("{name}-{row}");
    let (class, keyboard, example) = more;
    let length = if keyboard == "numeric" { "24" } else { "1000" };
    view! {
        <div class=class>
            <label for=id.clone()>{label}</label>
            <input
                class="input"
                type="text"
                inputmode=keyboard
                id=id.clone()
                name=name
                value=value
                maxlength=length
                placeholder=(!example.is_empty()).then_some(example)
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
            />
        </div>
    }
    .into_any()
}

fn choice(
    row: usize,
    name: &'static str,
    label: &'static str,
    chosen: &str,
    options: Vec<(&'static str, &'static str)>,
) -> AnyView {
    let id = format!("{name}-{row}");
    view! {
        <div class="limit-choice">
            <label for=id.clone()>{label}</label>
            <select class="choice" name=name id=id.clone()>
                {options
                    .into_iter()
                    .map(|(value, words)| view! { <option value=value selected=value == chosen>{words}</option> })
                    .collect_view()}
            </select>
        </div>
    }
    .into_any()
}

fn rate(row: usize, rate: Option<&RateRow>) -> AnyView {
    let explained = rate.and_then(|rate| rate.read().ok()).map(|limit| limit.explained()).unwrap_or_default();
    let empty = rate.is_none();
    let rate =
        rate.cloned().unwrap_or_else(|| RateRow { window: "1".to_owned(), unit: "m".to_owned(), ..RateRow::default() });
    let units = UNITS.map(|(unit, _, words)| (unit, words)).to_vec();
    let title = format!("Rate limit {}", row + 1);
    view! {
        <div class="limit-row" role="group" aria-label=title.clone() data-limit data-empty=empty.then_some("")>
            {cell(row, "rate_name", "Name", rate.name, ("limit-name", "text", "default"))}
            {cell(row, "rate_calls", "Calls", rate.calls, ("limit-number", "numeric", "600"))}
            {cell(row, "rate_window", "In", rate.window, ("limit-number", "numeric", "1"))}
            {choice(row, "rate_unit", "Unit", &rate.unit, units)}
            {cell(row, "rate_burst", "At once", rate.burst, ("limit-number", "numeric", "all"))}
            {cell(row, "rate_scopes", "Only for scopes", rate.scopes, ("limit-scopes", "text", "calls:make"))}
            <button type="button" class="button small scripted" data-remove aria-label=format!("Remove rate limit {}", row + 1)>"Remove"</button>
            <p class="field-note limit-words" data-explained>{explained}</p>
        </div>
    }
    .into_any()
}

fn quota(row: usize, quota: Option<&QuotaRow>) -> AnyView {
    let empty = quota.is_none();
    let quota = quota.cloned().unwrap_or_else(|| QuotaRow { period: Period::Day.to_string(), ..QuotaRow::default() });
    let periods = Period::ALL.map(|period| {
        let words = match period {
            Period::Hour => "an hour",
            Period::Day => "a day",
            Period::Month => "a month",
        };
        (period.as_str(), words)
    });
    let title = format!("Quota {}", row + 1);
    view! {
        <div class="limit-row" role="group" aria-label=title.clone() data-limit data-empty=empty.then_some("")>
            {cell(row, "quota_name", "Name", quota.name, ("limit-name", "text", "daily"))}
            {cell(row, "quota_calls", "Calls", quota.calls, ("limit-number", "numeric", "10000"))}
            {choice(row, "quota_period", "Period", &quota.period, periods.to_vec())}
            {cell(row, "quota_zone", "Time zone", quota.zone, ("limit-zone", "text", "Europe/Berlin"))}
            {cell(row, "quota_scopes", "Only for scopes", quota.scopes, ("limit-scopes", "text", "calls:make"))}
            <button type="button" class="button small scripted" data-remove aria-label=format!("Remove quota {}", row + 1)>"Remove"</button>
        </div>
    }
    .into_any()
}
