use leptos::prelude::*;
use leptos_router::components::A;
use model::{Permission, Role};

use crate::ui::{Glyph, Icon};

/// The links to the parts of the Workspace. An entry appears when its page works.
///
/// On narrow screens it is a popover that a button in the banner opens; on others style sheets put it beside the page.
#[component]
pub(super) fn Navigation(
    /// Of whoever is signed in: what they may not see has no link.
    role: Role,
) -> impl IntoView {
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
                    <li>
                        <A href="/clients" attr:rel="external">
                            <Icon glyph=Glyph::Clients/>
                            "Clients"
                        </A>
                    </li>
                    {role
                        .may(Permission::ManageWebhooks)
                        .then(|| {
                            view! {
                                <li>
                                    <A href="/webhooks" attr:rel="external">
                                        <Icon glyph=Glyph::Bell/>
                                        "Webhooks"
                                    </A>
                                </li>
                            }
                        })}
                </ul>
            </div>
            <ul>
                <li>
                    <a href="/api/docs" rel="external">
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
