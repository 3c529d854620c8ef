use leptos::{form::ActionForm, prelude::*};

use crate::{
    Theme,
    api::ChooseTheme,
    components::{Icon, Menu, MenuChoice},
};

/// The choice between the system's colours, light and dark, as long as there is no person's menu to hold it.
#[component]
pub(super) fn ThemeMenu() -> impl IntoView {
    view! {
        <ThemeForm let:theme>
            <Menu id="theme" label="Theme" face=view! { {move || view! { <Icon glyph=theme.get().glyph()/> }} }.into_any()>
                {theme_choices(theme)}
            </Menu>
        </ThemeForm>
    }
}

/// The form that the choices submit. Without scripts each is a plain form's button.
#[component]
pub(super) fn ThemeForm<F, V>(
    /// What stands in it, given the theme in force.
    children: F,
) -> impl IntoView
where
    F: FnOnce(Memo<Theme>) -> V + Send + 'static,
    V: IntoView + 'static,
{
    let choose = ServerAction::<ChooseTheme>::new();
    let rendered = Theme::of_page();
    let chosen = move || choose.input().get().map(|input| input.theme);
    // What is chosen stays after the answer, when the action holds no input any more.
    let theme = Memo::new(move |before: Option<&Theme>| chosen().or(before.copied()).unwrap_or(rendered));
    Effect::new(move || theme.get().apply());
    view! { <ActionForm action=choose>{children(theme)}</ActionForm> }
}

/// One choice for each theme.
pub(super) fn theme_choices(theme: Memo<Theme>) -> impl IntoView {
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
