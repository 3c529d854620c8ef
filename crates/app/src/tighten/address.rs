use leptos::prelude::*;
use model::{Instant, Key, KeyId, Restriction};
use percent_encoding::utf8_percent_encode;

use crate::web::guard::QUERY;

/// The names under which an address or a form has a whole restriction, and the version of the key that it was made for.
pub(super) const SCOPE: &str = "only_scope";
pub(super) const NETWORK: &str = "only_address";
pub(super) const ORIGIN: &str = "only_origin";
pub(super) const VERSION: &str = "version";
/// When the trial began that a form was drawn with.
pub(super) const STARTED: &str = "started_at";

/// The page of this key.
pub(super) fn path(key: KeyId) -> String {
    format!("/keys/{key}/tighten")
}

/// The field of a form that says which trial it was drawn with.
pub(super) fn started(at: Instant) -> AnyView {
    view! { <input type="hidden" name=STARTED value=at.to_string()/> }.into_any()
}

/// The pairs that have a restriction.
pub(super) fn pairs(restriction: &Restriction) -> Vec<(&'static str, String)> {
    let scopes = restriction.scopes.iter().map(|scope| (SCOPE, scope.as_str().to_owned()));
    let networks = restriction.allowed_ips.iter().map(|network| (NETWORK, network.to_string()));
    let origins = restriction.allowed_origins.iter().map(|origin| (ORIGIN, origin.to_string()));
    scopes.chain(networks).chain(origins).collect()
}

/// Where the key's form opens with this restriction in it, not saved.
pub(super) fn edit(key: &Key, restriction: &Restriction) -> String {
    edit_from(key.id, key.version, &Restriction::of(&key.settings), restriction)
}

/// The same of a key that is restricted so far as `held`: what stays need not be said.
fn edit_from(key: KeyId, version: i64, held: &Restriction, restriction: &Restriction) -> String {
    let mut address = format!("/keys/{key}?edit&{VERSION}={version}");
    let stays = |name: &str| match name {
        SCOPE => held.scopes == restriction.scopes,
        NETWORK => held.allowed_ips == restriction.allowed_ips,
        _ => held.allowed_origins == restriction.allowed_origins,
    };
    for (name, value) in pairs(restriction).into_iter().filter(|(name, _)| !stays(name)) {
        address.push_str(&format!("&{name}={}", utf8_percent_encode(&value, QUERY)));
    }
    address
}

#[cfg(test)]
mod tests {
    use model::{Network, NetworkSet, OriginSet, Scope};

    use super::*;

    #[test]
    fn a_restriction_stands_in_an_address() {
        let restriction = Restriction {
            scopes: [Scope::parse("calls:*").unwrap()].into_iter().collect(),
            allowed_ips: NetworkSet::new([Network::parse("2001:db8::/64").unwrap()]).unwrap(),
            allowed_origins: OriginSet::new(["https://*.a.example".parse().unwrap()]).unwrap(),
        };
        let id = "01981d2c-9e5b-7c3a-8b1d-0123456789ab";
        let address = edit_from(id.parse().unwrap(), 7, &Restriction::default(), &restriction);
        let (path, query) = address.split_once('?').unwrap();
        assert_eq!(path, format!("/keys/{id}"));
        let read: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
        let read: Vec<_> = read.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            read,
            [
                ("edit", ""),
                ("version", "7"),
                ("only_scope", "calls:*"),
                ("only_address", "2001:db8::/64"),
                ("only_origin", "https://*.a.example"),
            ]
        );
        let held = Restriction { allowed_ips: NetworkSet::default(), ..restriction.clone() };
        let address = edit_from(id.parse().unwrap(), 7, &held, &restriction);
        assert_eq!(address.split_once('?').unwrap().1, "edit&version=7&only_address=2001%3Adb8%3A%3A/64");
    }
}
