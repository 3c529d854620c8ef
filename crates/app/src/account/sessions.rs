use leptos::prelude::*;
use model::OwnSession;

use super::details::Account;
use crate::{
    ui::{
        labels::{relative, time},
        post_button, table_scroll, token_field,
    },
    web::own,
};

/// Where the person is signed in.
pub(super) fn sessions(page: &Account) -> AnyView {
    let others = page.sessions.len() > 1;
    let table = view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">"Began"</th>
                    <th scope="col">"Last used"</th>
                    <th scope="col"><span class="unseen">"Actions"</span></th>
                </tr>
            </thead>
            <tbody>{page.sessions.iter().map(row).collect_view()}</tbody>
        </table>
    };
    view! {
        <section class="panel" aria-labelledby="sessions">
            <h2 id="sessions" tabindex="-1" autofocus=page.focused("sessions")>"Sessions"</h2>
            {table_scroll("Sessions", None, table.into_any())}
            {others.then(|| post_button("/account", "end-others", "End all other sessions", "button", false))}
        </section>
    }
    .into_any()
}

fn row(session: &OwnSession) -> AnyView {
    view! {
        <tr>
            <td>{time(session.created_at)} {session.current.then_some(" (this one)")}</td>
            <td>{relative(session.last_seen_at)}</td>
            <td>
                {(!session.current)
                    .then(|| {
                        view! {
                            <form method="post" action=own("/account") data-once>
                                {token_field()}
                                <input type="hidden" name="intent" value="end-session"/>
                                <input type="hidden" name="session" value=session.id.to_string()/>
                                <button type="submit" class="button small">"End"</button>
                            </form>
                        }
                    })}
            </td>
        </tr>
    }
    .into_any()
}
