use leptos::prelude::*;

use crate::{
    Theme,
    api::ChooseTheme,
    components::{Menu, MenuChoice},
};

/// The choice between the system's colours, light and dark. Without scripts each choice is a plain form's button.
#[component]
pub(super) fn ThemeMenu() -> impl IntoView {
    let choose = ServerAction::<ChooseTheme>::new();
    let rendered = Theme::of_page();
    let chosen = move || choose.input().get().map(|input| input.theme);
    // What is chosen stays after the answer, when the action holds no input any more.
    let theme = Memo::new(move |before: Option<&Theme>| chosen().or(before.copied()).unwrap_or(rendered));
    Effect::new(move || theme.get().apply());
    view! {
        <ActionForm action=choose>
            <Menu id="theme" label="Theme" glyph=Signal::derive(move || theme.get().glyph())>
                {Theme::ALL
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
                    .collect_view()}
            </Menu>
        </ActionForm>
    }
}
