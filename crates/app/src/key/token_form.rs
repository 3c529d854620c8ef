use model::{OriginPattern, Scope, ScopeSet, TokenLife, TokenWish};

use crate::{ApiError, FieldProblem, ui::key_settings::Form};

/// What the dialog that makes a token was filled in with.
#[derive(Clone, Debug, Default)]
pub(super) struct TokenForm {
    /// Scopes that are ticked; `None`: the dialog is new, and all are.
    scopes: Option<Vec<String>>,
    pub(super) origin: String,
    /// In seconds; `None`: none is chosen yet.
    pub(super) life: Option<u32>,
}

impl TokenForm {
    pub(super) fn of(form: Form<'_>) -> Self {
        Self {
            scopes: Some(form.texts("scope").map(str::to_owned).collect()),
            origin: form.text("origin").trim().to_owned(),
            life: form.text("life").parse().ok(),
        }
    }

    /// The token that it asks for.
    pub(super) fn wish(&self) -> Result<TokenWish, ApiError> {
        let scopes = self.scopes.iter().flatten().map(|scope| Scope::parse(scope));
        let scopes = scopes.collect::<Result<ScopeSet, _>>().map_err(|_| ApiError::Malformed)?;
        let life = self.life.map(TokenLife::try_from).transpose().map_err(|_| ApiError::Malformed)?;
        let origin = match self.origin.as_str() {
            "" => None,
            text => Some(OriginPattern::parse(text).map_err(|error| wrong_origin(&error.to_string()))?),
        };
        Ok(TokenWish {
            scopes: Some(scopes),
            origin,
            expires_in: life.unwrap_or_default(),
            resources: None,
            limits: None,
        })
    }

    /// Whether a scope of the key is ticked.
    pub(super) fn ticks(&self, scope: &Scope) -> bool {
        self.scopes.as_ref().is_none_or(|ticked| ticked.iter().any(|one| one == scope.as_str()))
    }
}

fn wrong_origin(reason: &str) -> ApiError {
    ApiError::Fields(vec![FieldProblem { field: "origin".to_owned(), message: format!("The origin {reason}.") }])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(pairs: &[(&str, &str)]) -> TokenForm {
        let fields: Vec<_> = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        TokenForm::of(Form(&fields))
    }

    #[test]
    fn a_form_asks_for_what_is_ticked_and_typed() {
        let wish =
            form(&[("scope", "calls:read"), ("origin", " https://shop.example "), ("life", "60")]).wish().unwrap();
        assert_eq!(wish.scopes, Some(["calls:read".parse().unwrap()].into_iter().collect()));
        assert_eq!((wish.expires_in.seconds(), wish.origin), (60, Some("https://shop.example".parse().unwrap())));
        let nothing = form(&[]).wish().unwrap();
        assert_eq!(
            (nothing.scopes, nothing.origin),
            (Some(ScopeSet::default()), None),
            "what is unticked is not given"
        );
        assert!(matches!(form(&[("life", "3601")]).wish(), Err(ApiError::Malformed)));
        assert!(matches!(form(&[("scope", "all")]).wish(), Err(ApiError::Malformed)));
        let refused = form(&[("origin", "shop.example")]).wish().unwrap_err().to_string();
        assert!(refused.contains("The origin must begin with https://"), "{refused}");
    }
}
