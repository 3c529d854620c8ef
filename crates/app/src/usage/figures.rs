use leptos::prelude::*;
use model::UsageReport;

use super::{
    filter::Asked,
    words::{compared, percent},
};
use crate::ui::count;

/// The sums, each beside that of the time before.
pub(super) fn figures(asked: &Asked, report: &UsageReport) -> AnyView {
    let (now, before) = (&report.counts, &report.before);
    let least = if report.is_lower_bound { "at least " } else { "" };
    let figure = |name: &'static str, number: u64, was: u64, share: Option<String>| {
        let compared = compared(number, was, &asked.before);
        view! {
            <div class="figure">
                <dt>{name}</dt>
                <dd>
                    <strong>{format!("{least}{}", count(number))}</strong>
                    {share.map(|share| view! { <span class="figure-share">{share}</span> })}
                    <span class="figure-compared">{compared}</span>
                </dd>
            </div>
        }
    };
    let (calls, refused) = (now.calls(), now.refused());
    let of_calls = |part| (calls > 0).then(|| format!("{} of all calls", percent(part, calls)));
    view! {
        <dl class="figures">
            {figure("Calls", calls, before.calls(), None)}
            {figure("Allowed", now.allowed, before.allowed, of_calls(now.allowed))}
            {figure("Refused", refused, before.refused(), of_calls(refused))}
        </dl>
    }
    .into_any()
}
