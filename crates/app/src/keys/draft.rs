use leptos::prelude::*;

use super::{created::Fields, dom};
use crate::web::Token;

/// The token of what stands in a dialog: the same as long as that is, so that a double click, or a change that is sent
/// again, makes one change; another draft makes another.
#[derive(Clone, Copy)]
pub(super) struct Draft(StoredValue<Option<(Fields, Token)>>);

impl Draft {
    pub(super) fn new() -> Self {
        Self(StoredValue::new(None))
    }

    /// The token for these fields.
    pub(super) fn token(self, fields: &Fields) -> Token {
        if let Some((_, token)) = self.0.get_value().filter(|(before, _)| before == fields) {
            return token;
        }
        let token = dom::token();
        self.0.set_value(Some((fields.clone(), token.clone())));
        token
    }
}
