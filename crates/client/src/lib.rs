//! The wasm entry: hydrates the page that the server rendered.

use app::App;
use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the page once this module has loaded.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(App);
}
