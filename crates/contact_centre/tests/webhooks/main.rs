//! Events of a world as a real receiver gets them.

mod lifetime;
mod made;
mod order;
mod sent;
mod support;
