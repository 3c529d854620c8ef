use leptos::prelude::*;
use leptos_router::{components::A, hooks::use_location};
use model::{Permission, Role};

use crate::ui::{Glyph, Icon};

/// The links to the parts of the Workspace. An entry appears when its page works.
///
/// On narrow screens it is a popover that a button in the banner opens; on others style sheets put it beside the page.
#[component]
pub(super) fn Navigation(
    /// Whose navigation it is: what they may not see has no entry.
    role: Role,
) -> impl IntoView {
    let entry = |path: &'static str, glyph: Glyph, words: &'static str| {
        let here = use_location().pathname;
        view! {
            <li>
                <a href=path rel="external" aria-current=move || (here.get() == path).then_some("page")>
                    <Icon glyph/>
                    {words}
                </a>
            </li>
        }
    };
    let here = use_location().pathname;
    let in_docs = move || here.with(|here| here == "/docs" || here.starts_with("/docs/"));
    view! {
        <nav class="navigation" id="navigation" popover="auto" aria-label="Workspace">
            <div role="group" aria-labelledby="administration">
                <p class="navigation-title" id="administration">
                    "Administration"
                </p>
                <ul>
                    <li>
                        <A href="/keys">
                            <Icon glyph=Glyph::Key/>
                            "API Keys"
                        </A>
                    </li>
                    {role.may(Permission::ReadUsage).then(|| entry("/usage", Glyph::Chart, "Usage"))}
                    {entry("/clients", Glyph::Clients, "Clients")}
                    {role.may(Permission::ReadAudit).then(|| entry("/audit", Glyph::Log, "Audit Log"))}
                    {role.may(Permission::ManageWebhooks).then(|| entry("/webhooks", Glyph::Bell, "Webhooks"))}
                    {role.may(Permission::ManagePeople).then(|| entry("/administrators", Glyph::Person, "Administrators"))}
                    {role.may(Permission::ManageInstallation).then(|| entry("/settings", Glyph::Sliders, "Settings"))}
                </ul>
            </div>
            <ul>
                <li>
                    <a href="/docs" rel="external" aria-current=move || in_docs().then_some("page")>
                        <Icon glyph=Glyph::Book/>
                        "Integration Documentation"
                    </a>
                </li>
            </ul>
        </nav>
    }
}

/// Opens the [`Navigation`] on narrow screens.
#[component]
pub(super) fn NavigationButton() -> impl IntoView {
    view! {
        <button class="icon-button navigation-button" type="button" popovertarget="navigation" aria-label="Navigation">
            <Icon glyph=Glyph::Lines/>
        </button>
    }
}
