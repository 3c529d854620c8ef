use leptos::prelude::*;

use super::{
    api::Impact,
    stop::Stop,
    time::{Time, Written},
};
use crate::ui::{allowed_calls, count, never, not_recorded as notice};

/// Says what would stop.
pub(super) fn impact_view(stop: Stop, impact: Impact) -> AnyView {
    let Impact { keys: number, idle, names, calls, at_least, not_recorded, used, besides } = impact;
    let heading = view! { <p>{stop.heading(number, idle)}</p> };
    if number == 0 && stop == Stop::Disable {
        return heading.into_any();
    }
    let others = number.saturating_sub(names.len() as u64);
    let recorded = !not_recorded;
    view! {
        {heading}
        <ul class="named">
            {names.into_iter().map(|name| view! { <li><bdi translate="no">{name}</bdi></li> }).collect_view()}
            {(others > 0).then(|| view! { <li class="faint">{format!("and {} more", count(others))}</li> })}
        </ul>
        {not_recorded.then(notice)}
        <dl class="facts breaks">
            <dt>"Calls in the last 30 days"</dt>
            <dd>{allowed_calls(calls, at_least, recorded)}</dd>
            <dt>"Last used"</dt>
            <dd>
                {match used {
                    Some(ms) => view! { <Time ms written=Written::Ago/> }.into_any(),
                    None => never(recorded).into_any(),
                }}
            </dd>
        </dl>
        {(!besides.is_empty()).then(|| view! { <dl class="facts breaks" inner_html=besides></dl> })}
        <p class="faint">{stop.way_back()}</p>
    }
    .into_any()
}
