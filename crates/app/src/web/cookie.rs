//! Cookies of this deployment. Browsers send a cookie to every port of a host, so each name carries the deployment's mark: two
//! Keydesks on one machine know nothing of each other's.

use axum::http::{HeaderMap, HeaderValue, header::COOKIE};

use super::access::BrowserAccess;

/// Most cookies of one name that are tried.
const TRIED: usize = 4;

/// A cookie of ours, by what it is for.
pub(crate) struct Cookie {
    /// Its name before the mark.
    name: &'static str,
    /// The name that it had before names carried a mark, as plain and as by https. It is read, so that nobody is signed out by an
    /// upgrade, and never written.
    before: [&'static str; 2],
    /// Whether links on other sites bring it too.
    same_site: &'static str,
}

/// The session of the person who is signed in.
pub(crate) const SESSION: Cookie =
    Cookie { name: "keydesk", before: ["keydesk", "__Host-keydesk"], same_site: "Strict" };
/// Says that somebody has signed in with this browser before. It opens nothing without the password.
pub(crate) const DEVICE: Cookie =
    Cookie { name: "keydesk-device", before: ["keydesk-device", "__Host-keydesk-device"], same_site: "Strict" };
/// What a sign-in with somebody's organisation was asked with, sealed. Their organisation's page leads back with it.
pub(crate) const SIGN_ON: Cookie =
    Cookie { name: "keydesk-sign-on", before: ["keydesk-sign-on", "__Host-keydesk-sign-on"], same_site: "Lax" };
/// The theme that was chosen in this browser.
pub(crate) const THEME: Cookie = Cookie { name: "keydesk-theme", before: ["theme", "theme"], same_site: "Lax" };

impl Cookie {
    /// Its name where people come by `access`. By https `__Host-` binds it to https, this host and every path; browsers refuse it
    /// otherwise.
    fn at(&self, access: &BrowserAccess) -> String {
        let bound = if access.https() { "__Host-" } else { "" };
        format!("{bound}{}-{}", self.name, access.mark())
    }

    /// Its values, without empty ones, and a few at most: other programs of the same host, or of a path of it, may have set one of the
    /// same name, which browsers then send first. Those of its earlier name come last.
    pub(crate) fn values<'a>(
        &self,
        access: &BrowserAccess,
        headers: &'a HeaderMap,
    ) -> impl Iterator<Item = &'a str> + use<'a> {
        let before = self.before[usize::from(access.https())].to_owned();
        cookies(headers, self.at(access)).chain(cookies(headers, before))
    }

    /// What sets it in a browser. `more`: attributes besides those that each has, each after `; `.
    pub(crate) fn set(&self, access: &BrowserAccess, value: &str, more: &str) -> HeaderValue {
        let secure = if access.https() { "; Secure" } else { "" };
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite={}{secure}{more}", self.at(access), self.same_site);
        let mut value = HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
        value.set_sensitive(true);
        value
    }
}

/// The cookies `name` in these headers. Each pair is read by itself, as bytes: what other programs keep beside it, in whatever
/// encoding, must not hide it.
pub(crate) fn cookies<'a>(headers: &'a HeaderMap, name: String) -> impl Iterator<Item = &'a str> + use<'a> {
    let lines = headers.get_all(COOKIE).iter();
    lines.flat_map(move |pairs| find(pairs.as_bytes(), name.clone())).take(TRIED)
}

fn find<'a>(pairs: &'a [u8], name: String) -> impl Iterator<Item = &'a str> + use<'a> {
    pairs.split(|byte| *byte == b';').filter_map(move |pair| {
        let value = pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
        // RFC 6265, 4.1.1: a value may stand in quotes.
        let value = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
        // Keydesk's own are ASCII: anything else under the name was not set by it.
        str::from_utf8(value).ok().filter(|value| value.is_ascii() && !value.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pairs: &[u8]) -> Vec<&str> {
        find(pairs, "theme".to_owned()).collect()
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        assert_eq!(found(b"a=1; theme=dark"), ["dark"]);
        assert_eq!(found(b"theme=dark;a=1"), ["dark"]);
        for none in [&b"mytheme=dark; theme2=x"[..], b"theme", b"", b"theme=", b"theme=\"\""] {
            assert!(found(none).is_empty(), "{}", none.escape_ascii());
        }
    }

    #[test]
    fn every_cookie_of_a_name_is_found() {
        assert_eq!(found(b"theme=bad; theme=dark"), ["bad", "dark"]);
        assert_eq!(found(b"theme=; theme=dark; theme=\"light\"; theme=\""), ["dark", "light", "\""]);
        let mut headers = HeaderMap::new();
        for line in ["theme=1; a=2", "theme=3; theme=4", "theme=5; theme=6"] {
            headers.append(COOKIE, HeaderValue::from_static(line));
        }
        assert_eq!(cookies(&headers, "theme".to_owned()).collect::<Vec<_>>(), ["1", "3", "4", "5"]);
    }

    #[test]
    fn a_cookie_is_found_beside_anything() {
        for beside in
            [&b"user=J\xc3\xbcrgen"[..], b"user=J\xfcrgen", b"\xff", b"a=\"b\tc\"", b"=", b";;", b"theme=\xff"]
        {
            for pairs in [[beside, b"theme=dark"].join(&b"; "[..]), [&b"theme=dark"[..], beside].join(&b"; "[..])] {
                assert_eq!(found(&pairs), ["dark"], "{}", pairs.escape_ascii());
            }
        }
    }

    #[test]
    fn a_name_is_of_one_deployment_and_bound_to_https_where_there_is_https() {
        let plain = BrowserAccess::default().to("0a1b2c3d");
        let https = BrowserAccess::at("https://desk.example").to("0a1b2c3d");
        assert_eq!(SESSION.set(&plain, "a", ""), "keydesk-0a1b2c3d=a; Path=/; HttpOnly; SameSite=Strict");
        assert_eq!(
            SESSION.set(&https, "a", ""),
            "__Host-keydesk-0a1b2c3d=a; Path=/; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(
            THEME.set(&https, "dark", "; Max-Age=1"),
            "__Host-keydesk-theme-0a1b2c3d=dark; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=1"
        );
        let mut headers = HeaderMap::new();
        let brought = "keydesk=old; keydesk-ffffffff=other; keydesk-0a1b2c3d=a; __Host-keydesk-0a1b2c3d=b";
        headers.append(COOKIE, HeaderValue::from_static(brought));
        let found = |access| SESSION.values(&access, &headers).collect::<Vec<_>>();
        assert_eq!((found(plain), found(https)), (vec!["a", "old"], vec!["b"]));
    }
}
