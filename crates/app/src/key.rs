//! `/keys/{id}`: a key with its settings as one form, and what can be done with it; `/keys/{id}/activity`: what it was used for, and what
//! was done to it. Plain documents. `key.js` makes tabs of the two, which without it are links.

mod activity;
mod answer;
mod details;
mod dialogs;
mod done;
mod facts;
mod head;
mod history;
mod limits;
mod load;
mod page;
mod posted;
mod results;
mod routes;
mod secrets;
mod settings;
mod side;
mod span;
mod tab;
mod token;
mod token_form;

pub(crate) use routes::{ACTIVITY_PATH, PATH, RESULT_PATH, routes};
