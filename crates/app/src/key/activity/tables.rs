use leptos::prelude::*;
use model::{AddressUsage, Key, KeyActivity, RefusalCode, Scope};

use crate::ui::{count, labels::relative, table_scroll};

/// Addresses, the last one first.
pub(super) fn addresses(activity: &KeyActivity) -> AnyView {
    if activity.addresses.is_empty() {
        return view! { <p>"No address is known yet."</p> }.into_any();
    }
    let rows = activity.addresses.iter().map(address);
    let head = ["First seen", "Last seen"].map(|title| view! { <th scope="col">{title}</th> });
    let table = view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">"Address"</th>
                    {head.into_iter().collect_view()}
                    <th scope="col" class="number">"Allowed"</th>
                    <th scope="col" class="number">"Refused"</th>
                    <th scope="col">"Last refusal"</th>
                </tr>
            </thead>
            <tbody>{rows.collect_view()}</tbody>
        </table>
    };
    view! {
        <p class="faint">"The newest 32 addresses, each with all of its calls, whenever those were."</p>
        {table_scroll("Addresses", None, table.into_any())}
    }
    .into_any()
}

fn address(of: &AddressUsage) -> AnyView {
    let refusal = of.last_refusal.and_then(RefusalCode::of).map(RefusalCode::title);
    view! {
        <tr>
            <th scope="row"><bdi translate="no">{of.address.to_string()}</bdi></th>
            <td>{relative(of.first_seen)}</td>
            <td>{relative(of.last_seen)}</td>
            <td class="number">{count(of.allowed)}</td>
            <td class="number">{count(of.refused)}</td>
            <td>{refusal}</td>
        </tr>
    }
    .into_any()
}

/// The scopes that calls wanted, and those of the key that none did.
pub(super) fn scopes(key: &Key, activity: &KeyActivity, recorded: bool) -> AnyView {
    // Where nothing is known of allowed calls, which scopes are unused is not known either.
    let unused = if recorded { unused(key, activity) } else { Vec::new() };
    let none =
        if recorded { "No call said which scope it wanted." } else { "No refused call said which scope it wanted." };
    let rows = activity.scopes.iter().map(|of| {
        view! {
            <tr>
                <th scope="row"><code translate="no">{of.scope.to_string()}</code></th>
                <td class="number">{count(of.counts.allowed)}</td>
                <td class="number">{count(of.counts.refused())}</td>
            </tr>
        }
    });
    view! {
        {if activity.scopes.is_empty() {
            view! { <p>{none}</p> }.into_any()
        } else {
            let table = view! {
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">"Scope"</th>
                            <th scope="col" class="number">"Allowed"</th>
                            <th scope="col" class="number">"Refused"</th>
                        </tr>
                    </thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            };
            table_scroll("Scopes", None, table.into_any())
        }}
        {(!unused.is_empty())
            .then(|| {
                let names = unused.iter().map(|scope| view! { <li><code translate="no">{scope.to_string()}</code></li> });
                view! {
                    <div>
                        <p class="faint" id="unused-scopes">
                            "Scopes of the key that no call wanted:"
                        </p>
                        <ul class="scopes" aria-labelledby="unused-scopes">
                            {names.collect_view()}
                        </ul>
                    </div>
                }
            })}
    }
    .into_any()
}

/// Scopes that the key holds and no allowed call wanted.
fn unused<'a>(key: &'a Key, activity: &KeyActivity) -> Vec<&'a Scope> {
    let used = |held: &&Scope| activity.scopes.iter().any(|of| of.counts.allowed > 0 && held.allows(&of.scope));
    key.settings.scopes.iter().filter(|held| !used(held)).collect()
}
