use leptos::prelude::*;
use model::{Environment, Instant, Key, KeyStatus};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::details::Opened;
use crate::ui::{
    Glyph, Icon,
    labels::{is_default, status},
};

/// Why the Default API Key has fewer actions than others.
const DEFAULT_REASON: &str = "The Default API Key belongs to the installation itself: the contact centre's own services call \
                              with it. It can be rotated. It can't be edited, disabled or deleted.";

/// The pages of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tab {
    Settings,
    Activity,
}

/// What stands above both pages of a key.
pub(super) struct Head<'a> {
    pub(super) key: &'a Key,
    pub(super) tab: Tab,
    pub(super) may_change: bool,
    pub(super) may_rotate: bool,
    /// Whether a restriction of it is tried now.
    pub(super) tried: bool,
    /// Its form is open, which is left by its own buttons.
    pub(super) editing: bool,
    /// The element that has the focus as the page opens, if it is one of these.
    pub(super) focus: &'a str,
    pub(super) now: Instant,
}

impl Head<'_> {
    /// The key's name, state and hint, what can be done with it, and its pages.
    pub(super) fn view(&self) -> AnyView {
        let key = self.key;
        let (state, tone) = status(key, self.now);
        view! {
            <header class="key-head">
                <div class="key-title">
                    <h1 id="key-title" tabindex="-1" autofocus=self.focus == "key-title">
                        <bdi translate="no">{key.settings.client_name.as_str().to_owned()}</bdi>
                    </h1>
                    <span class=tone>{state}</span>
                    {is_default(key).then(|| view! { <span class="badge accent">"Default"</span> })}
                    {self.tried.then(|| view! { <span class="badge accent">"Report only"</span> })}
                    {(key.environment == Environment::Test).then(|| view! { <span class="badge test">"Test"</span> })}
                    <code class="key-hint" translate="no">{key.hint.0.clone()}</code>
                </div>
                <div class="key-actions">{self.actions()}</div>
            </header>
            {is_default(key).then(|| view! { <p class="faint key-reason">{DEFAULT_REASON}</p> })}
            {(!self.editing).then(|| self.tabs())}
        }
        .into_any()
    }

    fn actions(&self) -> AnyView {
        let key = self.key;
        let address = format!("/keys/{}", key.id);
        let alive = key.status != KeyStatus::Revoked && !self.editing;
        let editable = self.may_change && alive && !is_default(key);
        view! {
            {editable
                .then(|| {
                    view! {
                        <a
                            class="button"
                            id=Opened::Edit.opener()
                            href=format!("{address}?edit")
                            autofocus=self.focus == Opened::Edit.opener()
                        >
                            <Icon glyph=Glyph::Pen/>
                            "Edit"
                        </a>
                        <a class="button" href=duplicate(key) rel="external">
                            "Duplicate settings"
                        </a>
                    }
                })}
            {(self.may_rotate && alive)
                .then(|| {
                    view! {
                        <a class="button" id=Opened::Rotate.opener() href=format!("{address}?open=rotate")>
                            "Rotate"
                        </a>
                    }
                })}
        }
        .into_any()
    }

    fn tabs(&self) -> AnyView {
        let address = format!("/keys/{}", self.key.id);
        let tabs =
            [(Tab::Settings, "Settings", address.clone()), (Tab::Activity, "Activity", format!("{address}/activity"))];
        let links = tabs.into_iter().map(|(tab, title, href)| {
            view! {
                <li>
                    <a href=href aria-current=(tab == self.tab).then_some("page")>
                        {title}
                    </a>
                </li>
            }
        });
        view! {
            <nav class="tabs" aria-label="This key">
                <ul>{links.collect_view()}</ul>
            </nav>
        }
        .into_any()
    }
}

/// Where a new key begins with the settings of this one.
fn duplicate(key: &Key) -> String {
    let name = utf8_percent_encode(key.settings.client_name.as_str(), NON_ALPHANUMERIC);
    format!("/keys?new&from={}&client_name={name}&preset={}", key.id, key.settings.preset.as_str())
}
