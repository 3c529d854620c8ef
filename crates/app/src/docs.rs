//! `/docs`: the Integration Documentation. Plain documents, for everybody where the configuration says so, else for who is signed in. `/api/docs`,
//! where problem documents lead, is for everybody.
//!
//! Its pages are Markdown files of the repository (`docs/integrate`), embedded in the binary, with snippets that are cut from files
//! which the tests run (`docs/snippets`). Beside them stand a page for each operation of the published descriptions, a search over all
//! that, and a console that calls the sandbox from the browser. The language of snippets is a link and a cookie, so nothing of the
//! reading needs a script; what a reader's own test key fills in does, since a page that keeps it in memory alone has nothing else.

mod article;
mod embedded;
mod files;
mod html;
mod language;
mod layout;
mod library;
mod markdown;
mod missing;
mod one_page;
mod page;
mod reference;
mod reference_page;
mod routes;
mod search;
mod search_page;
mod snippet;
mod state;
mod test_key;
mod test_key_panel;
mod try_it;

pub(crate) use routes::{PATHS, routes};
