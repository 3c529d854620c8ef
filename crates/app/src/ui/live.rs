use leptos::prelude::*;

/// A part of a view that changes. One type for all such parts keeps the client small: each closure of its own type
/// would bring a copy of everything that renders it.
pub(crate) fn live<V: IntoView + 'static>(view: impl Fn() -> V + Send + 'static) -> Box<dyn Fn() -> AnyView + Send> {
    Box::new(move || view().into_any())
}
