//! How HTTP is spoken here, whatever is asked: queries, bodies, conditions, pages, answers and refusals.

mod answer;
mod body;
pub(crate) mod kinds;
mod page;
mod precondition;
mod problem;
mod query;

pub(crate) use answer::{Answer, json};
pub(crate) use body::{Sent, read_json};
pub(crate) use page::{Paging, page_of};
pub(crate) use precondition::{etag, expected, is_same, moved};
pub(crate) use problem::Problem;
pub(crate) use query::Query;

use problem::FieldError;
