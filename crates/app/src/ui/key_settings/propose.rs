//! Changes that another page proposes: they stand in the form, and are not saved.

use model::{Catalogue, Network, OriginPattern, Scope};

use super::{form::SettingsForm, text_settings::TEXT_SETTINGS};

/// What a form is opened with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Proposal {
    addresses: Vec<Network>,
    origins: Vec<OriginPattern>,
    scopes: Vec<Scope>,
}

/// More than a refusal proposes.
const MOST: usize = 20;

impl Proposal {
    /// Reads it from the pairs of an address; what is no address, no origin or no scope is left out.
    pub(crate) fn read<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut proposal = Self::default();
        for (name, value) in pairs.into_iter().take(MOST) {
            match name {
                "allow_address" => proposal.addresses.extend(value.parse::<Network>()),
                "allow_origin" => proposal.origins.extend(value.parse::<OriginPattern>()),
                "grant" => proposal.scopes.extend(value.parse::<Scope>()),
                _ => {}
            }
        }
        proposal
    }

    /// Fills the form in. Gives what was filled in, in words; `None`: nothing had to be.
    pub(crate) fn fill_in(&self, form: &mut SettingsForm, catalogue: &Catalogue) -> Option<String> {
        let mut filled = Vec::new();
        let addresses = self.addresses.iter().map(ToString::to_string);
        filled.extend(add_lines(form, "allowed_ips", addresses).map(|added| format!("allows {added}")));
        let origins = self.origins.iter().map(ToString::to_string);
        filled.extend(add_lines(form, "allowed_origins", origins).map(|added| format!("allows {added}")));
        let granted: Vec<_> =
            self.scopes.iter().filter(|scope| catalogue.knows(scope) && !form.scopes.allows(scope)).cloned().collect();
        if !granted.is_empty() {
            filled.push(format!("grants {}", granted.iter().map(Scope::as_str).collect::<Vec<_>>().join(", ")));
            form.scopes = form.scopes.iter().cloned().chain(granted).collect();
        }
        (!filled.is_empty())
            .then(|| format!("Proposed, and not saved yet: this {}. Look at it, and save.", filled.join(" and ")))
    }
}

/// Adds lines to a setting that has some. One that is empty allows everything, and a first line would take that away.
fn add_lines(form: &mut SettingsForm, name: &str, lines: impl Iterator<Item = String>) -> Option<String> {
    let place = TEXT_SETTINGS.iter().position(|setting| setting.name == name)?;
    let text = form.texts.get_mut(place).filter(|text| !text.trim().is_empty())?;
    let added: Vec<_> = lines.filter(|line| !text.lines().any(|there| there.trim() == line)).collect();
    if added.is_empty() {
        return None;
    }
    for line in &added {
        text.push('\n');
        text.push_str(line);
    }
    Some(added.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(addresses: &str) -> SettingsForm {
        let mut form = SettingsForm::default();
        form.scopes = ["calls:read".parse().unwrap()].into_iter().collect();
        form.texts = TEXT_SETTINGS
            .iter()
            .map(|setting| if setting.name == "allowed_ips" { addresses.to_owned() } else { String::new() })
            .collect();
        form
    }

    #[test]
    fn what_is_proposed_is_added_to_what_there_is() {
        let proposal = Proposal::read([
            ("allow_address", "198.51.100.4"),
            ("allow_origin", "https://app.example.com"),
            ("grant", "calls:make"),
            ("grant", "calls:read"),
            ("grant", "moon:walk"),
            ("grant", "<script>"),
            ("edit", ""),
        ]);
        let mut filled = form("192.0.2.0/24");
        let told = proposal.fill_in(&mut filled, &Catalogue::default()).unwrap();
        assert_eq!(
            told,
            "Proposed, and not saved yet: this allows 198.51.100.4 and grants calls:make. Look at it, and save."
        );
        assert_eq!((filled.texts[0].as_str(), filled.texts[1].as_str()), ("192.0.2.0/24\n198.51.100.4", ""));
        assert_eq!(filled.scopes.len(), 2);
        assert_eq!(proposal.fill_in(&mut filled, &Catalogue::default()), None, "it is there");
    }

    #[test]
    fn a_key_that_may_be_used_from_everywhere_is_not_bound_by_a_proposal() {
        let mut open = form("");
        let proposal = Proposal::read([("allow_address", "198.51.100.4")]);
        assert_eq!(proposal.fill_in(&mut open, &Catalogue::default()), None);
        assert_eq!(open.texts[0], "");
    }
}
