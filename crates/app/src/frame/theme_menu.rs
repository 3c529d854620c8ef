use leptos::{ev::SubmitEvent, prelude::*, server_fn::ServerFn, task::spawn_local};

use super::{
    choose_theme::{ChooseTheme, choose_theme},
    theme::Theme,
};
use crate::ui::{Icon, Menu, MenuChoice};

/// The choice of a theme, on pages without a person's menu.
#[component]
pub(super) fn ThemeMenu() -> impl IntoView {
    view! {
        <ThemeForm let:theme>
            <Menu id="theme" label="Theme" trigger=view! { {move || view! { <Icon glyph=theme.get().glyph()/> }} }.into_any()>
                {theme_choices(theme)}
            </Menu>
        </ThemeForm>
    }
}

/// The form that the choices submit. Without scripts each is a plain form's button.
#[component]
pub(super) fn ThemeForm<F, V>(
    /// The content of the form, given the current theme.
    children: F,
) -> impl IntoView
where
    F: FnOnce(RwSignal<Theme>) -> V + Send + 'static,
    V: IntoView + 'static,
{
    let theme = RwSignal::new(Theme::of_page());
    Effect::new(move || theme.get().apply());
    let submit = move |submit: SubmitEvent| {
        let chosen = submit.submitter().and_then(|button| button.get_attribute("value"));
        let Some(chosen) = chosen.and_then(|value| Theme::named(&value)) else { return };
        submit.prevent_default();
        theme.set(chosen);
        // A choice that can't be kept still applies to this page.
        spawn_local(async move { _ = choose_theme(chosen).await });
    };
    view! {
        <form method="post" action=ChooseTheme::url() on:submit=submit>
            {children(theme)}
        </form>
    }
}

/// One choice for each theme.
pub(super) fn theme_choices(theme: RwSignal<Theme>) -> impl IntoView {
    Theme::ALL
        .map(|offered| {
            view! {
                <MenuChoice
                    name="theme"
                    value=offered.as_str()
                    glyph=offered.glyph()
                    checked=Signal::derive(move || theme.get() == offered)
                >
                    {offered.label()}
                </MenuChoice>
            }
        })
        .collect_view()
}
