//! `/usage`: how often keys are called, by whom, and what is refused. A plain document, which follows new calls while its range ends now.
//!
//! Its charts are drawings of our own. The crates that plot on a server write colours and fonts into the drawing (plotters, poloto,
//! charts-rs), or need a browser or its engine to make one (charming): none knows the classes of a style sheet, so none has a dark
//! theme, patterns where the system chooses the colours, or texts of the page's size at 320 px. What is drawn here are rectangles.

mod calls;
mod chart;
mod export;
mod figures;
mod filter;
mod filter_form;
mod geometry;
mod heat;
mod live;
mod page;
mod range;
mod routes;
mod series;
mod shown;
mod tops;
mod words;

pub(crate) use filter::PATH;
pub(crate) use routes::{live_routes, routes};
