//! A form says by a token which change it is: however often it is posted (a double click, a reload, Back and again), the
//! change is made once, and every answer is the same.

/// The name of the hidden field.
pub(crate) const FIELD: &str = "token";

/// A token for a form of the page that is drawn. Scripts draw their own as they send, so in the browser it is empty.
#[cfg(feature = "ssr")]
pub(crate) fn form_token() -> String {
    leptos::prelude::use_context::<domain::Keydesk>().map_or_else(String::new, |keydesk| keydesk.form_token())
}

/// A token for a form of the page that is drawn. Scripts draw their own as they send, so in the browser it is empty.
#[cfg(not(feature = "ssr"))]
pub(crate) fn form_token() -> String {
    String::new()
}

/// What makes a posted form one change: its token with all that it says, so that the same form with another text in it is another
/// change. `about`: what stands in the address and not in the form. A form without a token is a change of its own each time.
#[cfg(feature = "ssr")]
pub(crate) fn once(keydesk: &domain::Keydesk, about: &str, fields: &[(String, String)]) -> domain::Idempotency {
    let token = fields.iter().find(|(name, value)| name == FIELD && !value.is_empty());
    idempotency(&token.map_or_else(|| keydesk.form_token(), |(_, token)| token.clone()), about, fields)
}

#[cfg(feature = "ssr")]
fn idempotency(token: &str, about: &str, fields: &[(String, String)]) -> domain::Idempotency {
    let told: Vec<_> = fields.iter().filter(|(name, _)| name != FIELD).collect();
    let fingerprint = domain::fingerprint(format!("{about}\n{told:?}").as_bytes());
    let key = domain::fingerprint(&[token.as_bytes(), &fingerprint].concat());
    domain::Idempotency { key: key.iter().map(|byte| format!("{byte:02x}")).collect(), fingerprint }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn key(token: &str, about: &str, fields: &[(&str, &str)]) -> String {
        let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        idempotency(token, about, &fields).key
    }

    #[test]
    fn a_form_is_the_same_change_only_with_the_same_token_and_the_same_values() {
        let first = key("t", "", &[("token", "t"), ("client_name", "Acme")]);
        assert_eq!(first, key("t", "", &[("client_name", "Acme"), ("token", "t")]));
        assert_eq!(first.len(), 64);
        for other in [
            key("u", "", &[("token", "u"), ("client_name", "Acme")]),
            key("t", "", &[("token", "t"), ("client_name", "Acne")]),
            key("t", "1", &[("token", "t"), ("client_name", "Acme")]),
        ] {
            assert_ne!(first, other);
        }
    }
}
