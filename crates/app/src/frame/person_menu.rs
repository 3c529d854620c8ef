use leptos::prelude::*;
use model::Administrator;

use super::theme_menu::{ThemeForm, theme_choices};
use crate::{
    ui::{Glyph, Icon, Menu},
    web::own,
};

/// Who is signed in, the choice of theme, and signing out.
#[component]
pub(super) fn PersonMenu(person: Administrator) -> impl IntoView {
    let Administrator { name, email, role, .. } = person;
    let initials = initials(&name);
    let trigger = view! {
        // Drawn by the style sheet: as words they would be part of the button's name.
        <span class="avatar" data-initials=initials></span>
        <bdi translate="no" class="person-name">{name.clone()}</bdi>
    };
    let head = view! {
        <div class="menu-head">
            <bdi translate="no" class="person">{name.clone()}</bdi>
            <span class="person-email" translate="no">{email}</span>
            <span class="person-role">{role.title()}</span>
        </div>
    };
    view! {
        <ThemeForm let:theme>
            <Menu id="person" label=name class="person-button" trigger=trigger.into_any() head=head.into_any()>
                <div class="menu-group" role="group" aria-label="Theme">
                    <span class="menu-label" aria-hidden="true">
                        "Theme"
                    </span>
                    {theme_choices(theme)}
                </div>
                <a class="menu-item" role="menuitem" tabindex="-1" href="/account" rel="external">
                    <Icon glyph=Glyph::Person/>
                    <span>"Account"</span>
                </a>
                // The list of keys opens it in place.
                <a class="menu-item" role="menuitem" tabindex="-1" href="/keys?shortcuts" rel="external">
                    <Icon glyph=Glyph::Lines/>
                    <span>"Keyboard shortcuts"</span>
                </a>
                <button class="menu-item" type="submit" role="menuitem" tabindex="-1" form="sign-out">
                    <Icon glyph=Glyph::Leave/>
                    <span>"Sign out"</span>
                </button>
            </Menu>
        </ThemeForm>
        // A plain form with or without scripts: what follows is a new page, with nothing of this session in it.
        <form id="sign-out" method="post" action=own("/signout") hidden></form>
    }
}

/// First letters of the first and the last word.
fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().next());
    words.next().into_iter().chain(words.next_back()).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn initials_are_of_the_first_and_the_last_word() {
        for (name, expected) in
            [("Ada Lovelace", "AL"), ("ada", "A"), ("Augusta Ada King", "AK"), ("", ""), ("李 小龍", "李小")]
        {
            assert_eq!(initials(name), expected);
        }
    }
}
