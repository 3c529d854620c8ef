use leptos::prelude::*;

use super::{filter::PATH, log::AuditLog};
use crate::{
    ui::{Notice, Tone, count, labels::relative},
    web::own,
};

/// Whether the log is as it was written, as far as that is known now.
pub(super) fn integrity(log: &AuditLog) -> AnyView {
    let state = &log.state;
    let verify = view! {
        <form method="post" action=own(PATH)>
            <button type="submit" class="button small" name="intent" value="verify" autofocus=log.verified>
                "Verify now"
            </button>
        </form>
    };
    let reading = state.reading.is_some();
    view! {
        {alarm(log)}
        <div class="audit-integrity" id="integrity" data-live=reading>
            <p role="status">{words(log)}</p>
            {(!reading).then_some(verify)}
        </div>
    }
    .into_any()
}

fn words(log: &AuditLog) -> AnyView {
    let number = |number: i64| count(number.unsigned_abs());
    match (&log.state.reading, &log.state.checked) {
        (Some((read, all)), _) => {
            view! { "Verifying: " {number(*read)} " of " {number(*all)} " entries are as they were written" }.into_any()
        }
        (None, Some((checked, at))) if checked.broken.is_none() => view! {
            "Verified " {relative(*at)} ": " {number(checked.entries)} " entries, unbroken"
        }
        .into_any(),
        (None, Some((_, at))) => view! { "Verified " {relative(*at)} ": not as it was written" }.into_any(),
        (None, None) => "Not verified since Keydesk was started".into_any(),
    }
}

/// What is wrong, where anything is: somebody has altered the log outside of Keydesk.
fn alarm(log: &AuditLog) -> Option<AnyView> {
    let altered = match &log.altered[..] {
        [] => None,
        [one] => Some(format!("broken: entry {one} on this page was altered")),
        [one, rest @ ..] => Some(format!("broken: entry {one} and {} more on this page were altered", rest.len())),
    };
    let broken = altered.or_else(|| log.state.broken().map(str::to_owned))?;
    Some(
        view! {
            <div role="alert">
                <Notice tone=Tone::Bad>
                    <strong>"This audit log is " {broken} ". "</strong>
                    "Somebody has changed it outside of Keydesk. Keep the database as it is, and compare it with exports, backups \
                     and signed ends that were kept elsewhere."
                </Notice>
            </div>
        }
        .into_any(),
    )
}
