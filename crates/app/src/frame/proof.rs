//! How somebody proves who they are, as the fields of a form.

use serde::{Deserialize, Serialize};

use crate::web::Password;

/// The names of the fields, each of which may be empty.
pub(crate) const PASSWORD: &str = "proof_password";
pub(crate) const CODE: &str = "proof_code";
pub(crate) const PASSKEY: &str = "proof_passkey";

/// What is said to whoever has no way to prove it.
pub(crate) const NO_WAY: &str =
    "You have neither a password nor a second factor here. An owner can make you a link for a new password.";

/// What was typed or fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Given {
    #[serde(default)]
    pub(crate) proof_password: Password,
    #[serde(default)]
    pub(crate) proof_code: Password,
    #[serde(default)]
    pub(crate) proof_passkey: Password,
}

#[cfg(feature = "ssr")]
impl Given {
    /// Takes it out of a form that has it. What else the form says stays.
    pub(crate) fn taken(fields: &mut Vec<(String, String)>) -> Self {
        let mut taken = |name: &str| {
            let at = fields.iter().position(|(field, _)| field == name);
            Password::from(at.map(|at| fields.remove(at).1).unwrap_or_default())
        };
        Self { proof_password: taken(PASSWORD), proof_code: taken(CODE), proof_passkey: taken(PASSKEY) }
    }

    /// What proves it, sent by a page of this origin. A passkey goes before what a browser may have filled in by itself.
    pub(crate) fn proof(self, origin: String) -> Result<domain::Proof, crate::ApiError> {
        use domain::{PasskeyAnswer, Proof};
        use model::PlainSecret;

        let [passkey, code, password] =
            [self.proof_passkey, self.proof_code, self.proof_password].map(PlainSecret::from);
        if !passkey.expose().is_empty() {
            return Ok(Proof::Passkey(PasskeyAnswer { answer: passkey.expose().to_owned(), origin }));
        }
        if !code.expose().trim().is_empty() {
            return Ok(Proof::Code(code));
        }
        if !password.expose().is_empty() {
            return Ok(Proof::Password(password));
        }
        let (field, message) = (CODE.to_owned(), "Fill one of the fields in.".to_owned());
        Err(crate::ApiError::Fields(vec![crate::FieldProblem { field, message }]))
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use domain::Proof;

    use super::*;

    fn given(password: &str, code: &str, passkey: &str) -> Result<Proof, crate::ApiError> {
        let [proof_password, proof_code, proof_passkey] =
            [password, code, passkey].map(|text| Password::from(text.to_owned()));
        Given { proof_password, proof_code, proof_passkey }.proof("https://desk.example".to_owned())
    }

    #[test]
    fn what_was_given_on_purpose_goes_first() {
        assert!(matches!(given("filled in", "", "{}"), Ok(Proof::Passkey(_))));
        assert!(matches!(given("filled in", " 123 456 ", ""), Ok(Proof::Code(_))));
        assert!(matches!(given("typed", " ", ""), Ok(Proof::Password(_))));
        assert!(given("", " ", "").is_err());
    }

    #[test]
    fn the_rest_of_the_form_stays_as_it_was() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut fields = vec![pair("intent", "reveal"), pair(CODE, "123456"), pair("token", "t"), pair(PASSKEY, "")];
        let given = Given::taken(&mut fields);
        assert_eq!(given.proof_code, Password::from("123456".to_owned()));
        assert_eq!(fields, [pair("intent", "reveal"), pair("token", "t")]);
    }
}
