//! The filter of the list. It is in the address of the page, so that Back, reload and a sent link work.

use leptos_router::params::ParamsMap;
use model::{Attention, Environment, KeyStatus, Preset, Sort, SortColumn, looks_like_key};
use serde::{Deserialize, Serialize};

/// The value in the address, in place of a status, for keys that expire soon.
pub(super) const EXPIRING: &str = "expiring";

/// Which keys a list shows, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Filter {
    /// As typed ([`model::Search`]), and never a key. Empty: all.
    pub(crate) search: String,
    pub(crate) sort: Sort,
    /// `revoked`: keys that were deleted and can be restored. Without it: all but those.
    pub(crate) status: Option<KeyStatus>,
    pub(crate) environment: Option<Environment>,
    pub(crate) preset: Option<Preset>,
    /// Only active keys that expire within 14 days.
    pub(crate) expiring: bool,
    /// Only active keys that want attention, in place of a status. Those that expire soon are [`EXPIRING`].
    #[serde(default)]
    pub(crate) attention: Option<Attention>,
}

impl Filter {
    /// Reads an address. Values that can't be read are left out: people type addresses. Values for a new key are no
    /// filter for the keys that exist.
    pub(super) fn of(query: &ParamsMap) -> Self {
        let new = query.get_str("new").is_some();
        Self::read(|name| query.get_str(name).filter(|_| !new).unwrap_or_default())
    }

    /// Reads the values of these names. A key is searched for in no address: it is looked up by a call.
    pub(super) fn read<'a>(text: impl Fn(&str) -> &'a str) -> Self {
        Self {
            search: Some(text("search")).filter(|search| !looks_like_key(search)).unwrap_or_default().to_owned(),
            sort: text("sort").parse().unwrap_or_default(),
            status: text("status").parse().ok(),
            expiring: text("status") == EXPIRING,
            attention: attention(text("status")),
            environment: text("environment").parse().ok(),
            preset: text("preset").parse().ok(),
        }
    }

    /// Its names and values for an address, or for the hidden fields of a form. Defaults are left out.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        if !self.search.is_empty() {
            pairs.push(("search", self.search.clone()));
        }
        if self.sort != Sort::default() {
            pairs.push(("sort", self.sort.to_string()));
        }
        pairs.extend(self.state().map(|state| ("status", state.to_owned())));
        pairs.extend(self.environment.map(|environment| ("environment", environment.as_str().to_owned())));
        pairs.extend(self.preset.map(|preset| ("preset", preset.as_str().to_owned())));
        pairs
    }

    /// A status, or what stands in its place.
    pub(super) fn state(&self) -> Option<&'static str> {
        match self.attention {
            Some(attention) => Some(attention.as_str()),
            None if self.expiring => Some(EXPIRING),
            None => self.status.map(KeyStatus::as_str),
        }
    }

    /// The page's address with this filter.
    pub(crate) fn address(&self) -> String {
        self.address_of("/keys")
    }

    /// The address of something else that has the same filters.
    pub(super) fn address_of(&self, path: &str) -> String {
        let mut address = path.to_owned();
        for (index, (name, value)) in self.pairs().into_iter().enumerate() {
            address.push(if index == 0 { '?' } else { '&' });
            address.push_str(name);
            address.push('=');
            escape(&value, &mut address);
        }
        address
    }

    /// The same, ordered by `column`; in the opposite direction if it already is.
    pub(super) fn sorted_by(&self, column: SortColumn) -> Self {
        // What happened begins with the latest; names with the first of the alphabet, and ends with the next.
        let first = matches!(column, SortColumn::CreatedAt | SortColumn::LastUsedAt);
        let descending = if self.sort.column == column { !self.sort.descending } else { first };
        Self { sort: Sort { column, descending }, ..self.clone() }
    }

    /// Whether it lists the keys that were deleted.
    pub(super) fn deleted(&self) -> bool {
        self.status == Some(KeyStatus::Revoked)
    }

    /// Whether it lists keys by when they were used.
    pub(super) fn goes_by_use(&self) -> bool {
        matches!(self.attention, Some(Attention::Unused | Attention::NeverUsed))
    }

    /// Whether it leaves any key out, other than deleted ones.
    pub(super) fn narrows(&self) -> bool {
        !self.search.trim().is_empty()
            || self.environment.is_some()
            || self.preset.is_some()
            || self.expiring
            || self.attention.is_some()
            || self.status.is_some_and(|status| status != KeyStatus::Revoked)
    }
}

/// What stands in place of a status.
pub(super) fn attention(text: &str) -> Option<Attention> {
    text.parse().ok().filter(|attention| *attention != Attention::EndingSoon)
}

/// Percent-encodes all characters that are not plain in a query.
fn escape(text: &str, into: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            into.push(char::from(byte));
        } else {
            into.push('%');
            into.push(char::from(HEX[usize::from(byte >> 4)]));
            into.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

/// The selection with its end of "soon" set by the server's clock.
#[cfg(feature = "ssr")]
pub(crate) fn as_of(now: model::Instant, mut selection: model::Selection) -> model::Selection {
    if let model::Selection::Matching { expiring_before: Some(before), .. } = &mut selection {
        *before = now.plus_millis(crate::ui::labels::SOON_MS);
    }
    selection
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str) -> Filter {
        let mut map = ParamsMap::new();
        for pair in address.split_once('?').map_or("", |(_, query)| query).split('&') {
            if let Some((name, value)) = pair.split_once('=') {
                map.insert(name.to_owned(), value.to_owned());
            }
        }
        Filter::of(&map)
    }

    #[test]
    fn a_filter_reads_back_from_its_address() {
        let full = Filter {
            search: "50%_ & \\ Ä+ü=?#\"<".to_owned(),
            sort: Sort { column: SortColumn::LastUsedAt, descending: true },
            status: Some(KeyStatus::Active),
            environment: Some(Environment::Test),
            preset: Some(Preset::WorkforceManagement),
            expiring: false,
            attention: None,
        };
        assert_eq!(read(&full.address()), full);
        assert_eq!(Filter::default().address(), "/keys");
        let soon = Filter { expiring: true, ..Filter::default() };
        assert_eq!((soon.address(), read("/keys?status=expiring")), ("/keys?status=expiring".to_owned(), soon));
        let unused = Filter { attention: Some(Attention::Unused), ..Filter::default() };
        assert_eq!((unused.address(), read("/keys?status=unused")), ("/keys?status=unused".to_owned(), unused));
    }

    #[test]
    fn nonsense_in_an_address_is_left_out() {
        assert_eq!(read("/keys?sort=colour&status=dead&environment=moon&preset=none"), Filter::default());
    }

    #[test]
    fn values_for_a_new_key_filter_nothing() {
        let address = "/keys?new=&preset=crm&environment=test&search=acme&status=expired&client_name=Acme";
        assert_eq!(read(address), Filter::default());
        let without = address.replace("new=&", "");
        assert_eq!((read(&without).preset, read(&without).search.as_str()), (Some(Preset::Crm), "acme"));
    }

    #[test]
    fn a_key_is_no_filter() {
        let key = format!("ccc_live_{}", "7Qfx".repeat(9));
        assert_eq!(read(&format!("/keys?search={key}&status=active")).address(), "/keys?status=active");
        assert_eq!(read(&format!("/keys?search=Bearer%20{key}")), Filter::default());
    }

    #[test]
    fn a_column_asked_for_again_reverses_its_order() {
        let once = Filter::default().sorted_by(SortColumn::CreatedAt);
        assert_eq!(once.sort.to_string(), "-created_at");
        assert_eq!(once.sorted_by(SortColumn::CreatedAt).sort.to_string(), "created_at");
        assert_eq!(Filter::default().sorted_by(SortColumn::ClientName).sort.to_string(), "-client_name");
        assert_eq!(Filter::default().sorted_by(SortColumn::Status).sort.to_string(), "status");
    }
}
