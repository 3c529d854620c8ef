//! No feature of `app` reaches into another's folder, and the folders that they share know none of them.

use super::modules::Modules;

/// Folders of `app` that all features share.
const SHARED: [&str; 3] = ["frame", "ui", "web"];

/// Every place where a feature, or a folder that features share, names another feature.
pub(super) fn reaches(modules: &Modules) -> Vec<String> {
    let is_feature =
        |name: &str| !SHARED.contains(&name) && modules.places().any(|place| place.len() > 1 && place[0] == name);
    let mut wrong = Vec::new();
    for (from, to) in modules.uses() {
        // Files at the root bring the features together.
        let (Some(one), Some(other)) = (from.first(), to.first()) else { continue };
        let bound = SHARED.contains(&one.as_str()) || is_feature(one);
        if bound && one != other && is_feature(other) {
            wrong.push(format!("{} names {}, which is another feature's", from.join("::"), to.join("::")));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_that_reaches_into_another_is_found() {
        let files = [
            ("lib.rs", "mod error; mod key; mod keys; mod root; mod ui; mod web;"),
            ("error.rs", "pub struct Error;"),
            ("key.rs", "mod page; pub use page::Page;"),
            ("key/page.rs", "use crate::{error::Error, keys::row, ui::Button}; pub struct Page;"),
            ("keys.rs", "mod page; pub mod row;"),
            ("keys/page.rs", "use super::row::Row; use crate::web::Cookie;"),
            ("keys/row.rs", "pub struct Row;"),
            ("root.rs", "use crate::{key::Page, keys::row::Row};"),
            ("ui.rs", "pub struct Button;"),
            ("web.rs", "use crate::key::Page; pub struct Cookie;"),
        ];
        let wrong = reaches(&Modules::read(files.into_iter()));
        assert_eq!(
            wrong,
            [
                "key::page names keys::row, which is another feature's",
                "web names key::page, which is another feature's"
            ]
        );
    }
}
