//! Whether somebody has filled in a form.

use js_sys::Reflect;
use web_sys::{Element, wasm_bindgen::JsValue};

/// Whether any field of the forms in an element has another value than it came with.
pub(super) fn differs(within: &Element) -> bool {
    let Ok(fields) = within.query_selector_all("form :is(input, textarea, select)") else { return false };
    (0..fields.length()).filter_map(|at| fields.get(at)).any(|field| changed(&field.into()))
}

fn changed(field: &JsValue) -> bool {
    let of = |name: &str| Reflect::get(field, &name.into()).unwrap_or_default();
    match of("type").as_string().as_deref() {
        Some("hidden") => false,
        Some("radio" | "checkbox") => of("checked") != of("defaultChecked"),
        Some("select-one") => {
            let options = js_sys::Array::from(&of("options"));
            let came_with =
                |option: JsValue| Reflect::get(&option, &"defaultSelected".into()).is_ok_and(|is| is.is_truthy());
            // Without a chosen one the first is.
            let first = options.iter().position(came_with).unwrap_or_default();
            of("selectedIndex").as_f64() != Some(first as f64)
        }
        _ => of("value") != of("defaultValue"),
    }
}
