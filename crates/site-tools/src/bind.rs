//! Binds the compiled client to JavaScript.

use std::path::Path;

use wasm_bindgen_cli_support::Bindgen;

use crate::Failed;

/// Writes `keydesk.js` and `keydesk_bg.wasm`. Names of functions are for an optimizer, which drops them; `nameless`: there is none.
pub(crate) fn bind(module: &Path, folder: &Path, nameless: bool) -> Result<(), Failed> {
    let bound = Bindgen::new().input_path(module).out_name("keydesk").web(true).and_then(|bindgen| {
        bindgen
            .typescript(false)
            // The page names the wasm file, because its name holds a digest that the script cannot know.
            .omit_default_module_path(true)
            .remove_name_section(nameless)
            .remove_producers_section(true)
            .generate(folder)
    });
    bound.map_err(|error| format!("wasm-bindgen could not bind the client: {error:#}").into())
}
