use leptos::prelude::*;
use model::TimeZone;

use super::details::Account;
use crate::{frame::Theme, ui::token_field, web::own};

/// How the person likes to read.
pub(super) fn preferences(page: &Account) -> AnyView {
    view! {
        <section class="panel" aria-labelledby="preferences">
            <h2 id="preferences" tabindex="-1" autofocus=page.focused("preferences")>"Preferences"</h2>
            {time_zone(page)}
            {theme()}
            <div class="field scripted">
                <label class="tick">
                    <input type="checkbox" role="switch" id="letters" data-letters aria-describedby="letters-note"/>
                    <span>"Single-letter shortcuts"</span>
                </label>
                <p class="field-note" id="letters-note">
                    "In this browser. Switch them off if they are in your way, for example when you speak to your computer."
                </p>
            </div>
        </section>
    }
    .into_any()
}

fn time_zone(page: &Account) -> AnyView {
    let problem = page.problem("time_zone").map(str::to_owned);
    let wrong = problem.is_some();
    view! {
        <form class="form" method="post" action=own("/account") data-once>
            {token_field()}
            <input type="hidden" name="intent" value="time-zone"/>
            <div class="field">
                <label for="own-time-zone">"Time zone"</label>
                <input
                    class="input"
                    id="own-time-zone"
                    name="own_time_zone"
                    value=page.time_zone.clone()
                    maxlength="64"
                    list="time-zones"
                    placeholder="As your browser says"
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    aria-invalid=wrong.then_some("true")
                    aria-describedby="own-time-zone-note"
                />
                <datalist id="time-zones">
                    {TimeZone::names().into_iter().map(|name| view! { <option value=name></option> }).collect_view()}
                </datalist>
                <p class=if wrong { "field-note wrong" } else { "field-note" } id="own-time-zone-note">
                    {problem.unwrap_or_else(|| "Whose days and times you read, such as Europe/Zurich, wherever you are. Empty: as your browser says.".to_owned())}
                </p>
            </div>
            <div><button type="submit" class="button">"Save time zone"</button></div>
        </form>
    }
    .into_any()
}

fn theme() -> AnyView {
    let now = Theme::of_page();
    view! {
        <form class="form" method="post" action=own("/account") data-once>
            {token_field()}
            <input type="hidden" name="intent" value="theme"/>
            <fieldset class="choices">
                <legend>"Theme, in this browser"</legend>
                {Theme::ALL
                    .map(|theme| {
                        view! {
                            <label class="tick">
                                <input type="radio" name="theme" value=theme.as_str() checked=theme == now/>
                                <span>{theme.label()}</span>
                            </label>
                        }
                    })
                    .collect_view()}
            </fieldset>
            <div><button type="submit" class="button">"Save theme"</button></div>
        </form>
    }
    .into_any()
}
