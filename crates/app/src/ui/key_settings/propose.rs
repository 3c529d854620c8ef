//! Changes that another page proposes: they stand in the form, and are not saved.

use std::str::FromStr;

use model::{Catalogue, Network, NetworkSet, OriginPattern, OriginSet, Scope, ScopeSet};

use super::{form::SettingsForm, text_settings::TEXT_SETTINGS};

/// What a form is opened with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Proposal {
    addresses: Vec<Network>,
    origins: Vec<OriginPattern>,
    scopes: Vec<Scope>,
    only: Only,
    version: Option<i64>,
    /// The address says more than is read, so nothing is proposed: a part of a restriction may be another one.
    is_too_long: bool,
}

/// What is to stay of a setting, where something is: the rest is taken away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Only {
    networks: Vec<Network>,
    origins: Vec<OriginPattern>,
    scopes: Vec<Scope>,
}

/// Pairs of an address that are read.
const MOST: usize = 500;

impl Proposal {
    /// Reads it from the pairs of an address; what is no address, no origin or no scope is left out.
    pub(crate) fn read<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut proposal = Self::default();
        for (number, (name, value)) in pairs.into_iter().enumerate() {
            if number >= MOST {
                return Self { is_too_long: true, ..Self::default() };
            }
            match name {
                "allow_address" => proposal.addresses.extend(value.parse::<Network>()),
                "allow_origin" => proposal.origins.extend(value.parse::<OriginPattern>()),
                "grant" => proposal.scopes.extend(value.parse::<Scope>()),
                "only_address" => proposal.only.networks.extend(value.parse::<Network>()),
                "only_origin" => proposal.only.origins.extend(value.parse::<OriginPattern>()),
                "only_scope" => proposal.only.scopes.extend(value.parse::<Scope>()),
                "version" => proposal.version = value.parse().ok(),
                _ => {}
            }
        }
        proposal
    }

    /// The version of the key that it was made for, where it says so.
    pub(crate) fn version(&self) -> Option<i64> {
        self.version
    }

    /// Fills the form in. Gives what was filled in, in words; `None`: nothing had to be.
    pub(crate) fn fill_in(&self, form: &mut SettingsForm, catalogue: &Catalogue) -> Option<String> {
        if self.is_too_long {
            return Some(
                "More was proposed than a form is filled with, so nothing is changed: write it by hand.".to_owned(),
            );
        }
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
        filled.extend(self.only.fill_in(form));
        (!filled.is_empty())
            .then(|| format!("Proposed, and not saved yet: this {}. Look at it, and save.", filled.join(" and ")))
    }
}

impl Only {
    /// Takes away what is not to stay. What the form does not allow is not added, so a setting that would be widened stays as it is.
    fn fill_in(&self, form: &mut SettingsForm) -> Vec<String> {
        let mut filled = Vec::new();
        let (gone, scopes) = self.scopes(&form.scopes);
        if !gone.is_empty() {
            filled.push(format!("takes {} away", gone.join(", ")));
            form.scopes = scopes;
        }
        let networks = narrowed(form, "allowed_ips", &self.networks, |lines, only| {
            let (from, to) = (NetworkSet::new(lines).ok()?, NetworkSet::new(only).ok()?);
            (from.covers(&to) && !to.covers(&from)).then(|| to.iter().map(ToString::to_string).collect())
        });
        let origins = narrowed(form, "allowed_origins", &self.origins, |lines, only| {
            let (from, to) = (OriginSet::new(lines).ok()?, OriginSet::new(only).ok()?);
            (from.covers(&to) && !to.covers(&from)).then(|| to.iter().map(ToString::to_string).collect())
        });
        filled.extend(networks.into_iter().chain(origins).map(|lines| format!("allows {lines} alone")));
        filled
    }

    /// Those of `held` that go, and what is held then.
    fn scopes(&self, held: &ScopeSet) -> (Vec<String>, ScopeSet) {
        let stays: ScopeSet = self.scopes.iter().filter(|scope| held.allows(scope)).cloned().collect();
        let goes = held.iter().filter(|scope| !stays.is_empty() && !stays.allows(scope));
        (goes.map(|scope| scope.as_str().to_owned()).collect(), stays)
    }
}

/// Puts lines in place of those of a setting, where `narrow` says which.
fn narrowed<T: FromStr + Clone>(
    form: &mut SettingsForm,
    name: &str,
    only: &[T],
    narrow: impl FnOnce(Vec<T>, Vec<T>) -> Option<Vec<String>>,
) -> Option<String> {
    let place = TEXT_SETTINGS.iter().position(|setting| setting.name == name)?;
    let text = form.texts.get_mut(place).filter(|_| !only.is_empty())?;
    let lines: Vec<T> = text.lines().filter_map(|line| line.trim().parse().ok()).collect();
    let lines = narrow(lines, only.to_vec())?;
    *text = lines.join("\n");
    Some(lines.join(", "))
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
    fn a_restriction_takes_away_and_never_adds() {
        let fill_in = |addresses: &str, pairs: &[(&str, &str)]| {
            let mut form = form(addresses);
            form.scopes = ["calls:*", "data:read"].into_iter().map(|scope| scope.parse().unwrap()).collect();
            let told = Proposal::read(pairs.iter().copied()).fill_in(&mut form, &Catalogue::default());
            let scopes: Vec<_> = form.scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
            (
                told.map(|told| told.replace("Proposed, and not saved yet: this ", "")),
                scopes.join(" "),
                form.texts[0].clone(),
            )
        };
        let (told, scopes, addresses) = fill_in(
            "",
            &[
                ("only_scope", "calls:read"),
                ("only_scope", "wraps:read"),
                ("only_address", "192.0.2.7"),
                ("version", "3"),
            ],
        );
        assert_eq!(
            told.as_deref(),
            Some("takes calls:*, data:read away and allows 192.0.2.7 alone. Look at it, and save.")
        );
        assert_eq!((scopes.as_str(), addresses.as_str()), ("calls:read", "192.0.2.7"));
        for pairs in
            [&[("only_address", "198.51.100.4")][..], &[("only_scope", "wraps:read")], &[("only_address", "x")]]
        {
            let kept = fill_in("192.0.2.0/24", pairs);
            assert_eq!(kept, (None, "calls:* data:read".to_owned(), "192.0.2.0/24".to_owned()), "{pairs:?}");
        }
        assert_eq!(Proposal::read([("version", "3")]).version(), Some(3));
    }

    #[test]
    fn what_is_too_long_is_not_proposed_by_half() {
        let origins: Vec<_> = (0..MOST).map(|number| format!("https://shop-{number}.example")).collect();
        let pairs = || origins.iter().map(|origin| ("only_origin", origin.as_str()));
        assert!(!Proposal::read(pairs()).is_too_long);
        let proposal = Proposal::read([("only_address", "192.0.2.7")].into_iter().chain(pairs()));
        let mut form = form("192.0.2.0/24");
        let told = proposal.fill_in(&mut form, &Catalogue::default()).unwrap();
        assert!(told.starts_with("More was proposed"), "{told}");
        assert_eq!(form.texts[0], "192.0.2.0/24");
    }

    #[test]
    fn a_key_that_may_be_used_from_everywhere_is_not_bound_by_a_proposal() {
        let mut open = form("");
        let proposal = Proposal::read([("allow_address", "198.51.100.4")]);
        assert_eq!(proposal.fill_in(&mut open, &Catalogue::default()), None);
        assert_eq!(open.texts[0], "");
    }
}
