use model::{Action, ActorFilter, AuditCursor, AuditQuery, ClientName, Day, KeyId, PAGE_DEFAULT, TimeZone};
use percent_encoding::utf8_percent_encode;

use crate::{ui::key_settings::Form, web::guard::QUERY};

/// The page.
pub(crate) const PATH: &str = "/audit";

/// What a person asks for, as the address of the page says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) actor: String,
    pub(super) action: String,
    pub(super) client: String,
    pub(super) key: String,
    /// Days of the reader, the last one included.
    pub(super) from: String,
    pub(super) to: String,
    pub(super) cursor: String,
}

impl Filter {
    pub(super) fn of(form: Form<'_>) -> Self {
        let text = |name| form.text(name).trim().to_owned();
        Self {
            actor: text("actor"),
            action: text("action"),
            client: text("client"),
            key: text("key_id"),
            from: text("from"),
            to: text("to"),
            cursor: text("cursor"),
        }
    }

    /// What it asks the domain for; or the name of the first field that can't be read, and what is wrong with it.
    pub(super) fn query(&self, zone: &TimeZone) -> Result<AuditQuery, (&'static str, String)> {
        let day = |name, text: &str| given::<Day>(text).map_err(|()| (name, "Write the day as 2026-12-31.".to_owned()));
        let unknown = |name| move |()| (name, "There is nothing of this name.".to_owned());
        let client = match self.client.as_str() {
            "" => None,
            text => Some(ClientName::parse(text).map_err(|error| ("client", sentence(&error.to_string())))?),
        };
        let (from, to) = (day("from", &self.from)?, day("to", &self.to)?);
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(("to", "The last day is before the first.".to_owned()));
        }
        Ok(AuditQuery {
            from: from.map(|day| zone.start_of(day)),
            to: to.map(|day| zone.end_of(day)),
            action: given::<Action>(&self.action).map_err(unknown("action"))?,
            actor: given::<ActorFilter>(&self.actor).map_err(unknown("actor"))?,
            key: given::<KeyId>(&self.key).map_err(unknown("key_id"))?,
            client,
            limit: PAGE_DEFAULT,
            cursor: given::<AuditCursor>(&self.cursor).map_err(unknown("cursor"))?,
        })
    }

    /// Whether it leaves anything out.
    pub(super) fn is_any(&self) -> bool {
        *self != Self { cursor: self.cursor.clone(), ..Self::default() }
    }

    /// The page that it is the filter of.
    pub(super) fn address(&self) -> String {
        self.at(PATH)
    }

    /// The same filter at another address.
    pub(super) fn at(&self, path: &str) -> String {
        let Self { actor, action, client, key, from, to, cursor } = self;
        let pairs = [
            ("actor", actor),
            ("action", action),
            ("client", client),
            ("key_id", key),
            ("from", from),
            ("to", to),
            ("cursor", cursor),
        ];
        let query: Vec<_> = pairs
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(name, text)| format!("{name}={}", utf8_percent_encode(text, QUERY)))
            .collect();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
    }
}

fn given<T: std::str::FromStr>(text: &str) -> Result<Option<T>, ()> {
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| ()) }
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect::<String>()).unwrap_or_default() + "."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_read_from_an_address_and_written_into_one() {
        let zone: TimeZone = "Australia/Sydney".parse().unwrap();
        let filter = Filter {
            action: "key.reveal".to_owned(),
            client: "Acme & Söhne".to_owned(),
            from: "2026-11-01".to_owned(),
            to: "2026-11-02".to_owned(),
            ..Filter::default()
        };
        let query = filter.query(&zone).unwrap();
        assert_eq!(query.from.unwrap().to_string(), "2026-10-31T13:00:00.000Z");
        assert_eq!(query.to.unwrap().to_string(), "2026-11-02T13:00:00.000Z");
        assert_eq!(
            filter.at("/audit.csv"),
            "/audit.csv?action=key.reveal&client=Acme%20%26%20S%C3%B6hne&from=2026-11-01&to=2026-11-02"
        );
        assert!(filter.is_any());
        let second = Filter { cursor: "2.1.1".to_owned(), ..Filter::default() };
        assert_eq!((second.address().as_str(), second.is_any()), ("/audit?cursor=2.1.1", false));
    }

    #[test]
    fn what_cant_be_read_is_named() {
        let zone = TimeZone::UTC;
        let wrong = |filter: Filter| filter.query(&zone).unwrap_err().0;
        let text = |text: &str| text.to_owned();
        assert_eq!(wrong(Filter { actor: text("ada"), ..Filter::default() }), "actor");
        assert_eq!(wrong(Filter { action: text("key.paint"), ..Filter::default() }), "action");
        assert_eq!(wrong(Filter { client: text("a\u{202e}b"), ..Filter::default() }), "client");
        assert_eq!(wrong(Filter { from: text("yesterday"), ..Filter::default() }), "from");
        assert_eq!(wrong(Filter { from: text("2026-11-02"), to: text("2026-11-01"), ..Filter::default() }), "to");
        assert_eq!(wrong(Filter { cursor: text("7"), ..Filter::default() }), "cursor");
    }
}
