//! What is pressed in a row. The grid hears it for all of them: a listener for each button of each row would cost as much as the row.

use leptos::{ev::MouseEvent, prelude::*};
use web_sys::{Element, wasm_bindgen::JsCast};

use super::{
    cursor::{index_of, row_at},
    key_row::KeyRow,
    open::Open,
    secret,
    state::KeysState,
};

/// Carries out what a button or checkbox of a row does.
pub(super) fn pressed(state: KeysState, menu: RwSignal<Option<KeyRow>>, click: &MouseEvent) {
    let target = click.target().and_then(|target| target.dyn_into::<Element>().ok());
    // Links lead where they say.
    let control = target.and_then(|target| target.closest("button[data-stop], input[data-stop]").ok().flatten());
    let Some(control) = control else { return };
    let Some(index) = index_of(state, &control) else { return };
    let Some(row) = row_at(state, index) else { return };
    match control.get_attribute("data-stop").as_deref() {
        Some("select") if click.shift_key() => state.cursor.extend(state, index),
        Some("select") => state.cursor.toggle(state, index),
        Some("reveal") => secret::toggle(state, &row),
        Some("copy") => secret::copy_key(state, &row),
        Some("more") => menu.set(Some(row)),
        Some("edit") => {
            click.prevent_default();
            state.open.set(Some(Open::Edit(row.id)));
        }
        _ => {}
    }
}
