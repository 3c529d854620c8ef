use model::{may_be_imported, may_be_token};

use crate::Verifier;

/// What a text may be that was presented as a key, by its form alone. In this order: what begins as our own keys do is one of them or
/// nothing, whatever others have issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A key of this deployment: its checksum is right.
    Own,
    /// A derived token.
    Token,
    /// A key that another system issued. Only where there are any.
    Imported,
    /// No key at all.
    Nothing,
}

impl Verifier {
    pub(crate) fn form(&self, key: &str) -> Form {
        let inner = &self.inner;
        if inner.format.read(key).is_some() {
            Form::Own
        } else if inner.format.is_own(key) {
            Form::Nothing
        } else if may_be_token(key) {
            Form::Token
        } else if inner.imported.any() && may_be_imported(key) {
            Form::Imported
        } else {
            Form::Nothing
        }
    }
}
