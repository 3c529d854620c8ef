//! The files that browsers load, as they are served.

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
    routing::get,
};

use super::assets::Assets;

/// One file of the site.
#[derive(Debug)]
pub struct File {
    /// Its name, for example `keydesk.js`.
    pub name: &'static str,
    /// Where it is served.
    pub path: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// Its content.
    pub identity: &'static [u8],
    /// The same, compressed.
    pub brotli: Option<&'static [u8]>,
    /// The same, for browsers that don't take Brotli.
    pub gzip: Option<&'static [u8]>,
}

/// All files of the site: none when the binary was built without it.
#[derive(Clone, Copy, Debug)]
pub struct Files(pub &'static [File]);

impl Files {
    /// Where a file is served, if it is there.
    pub fn path(self, name: &str) -> Option<&'static str> {
        self.0.iter().find(|file| file.name == name).map(|file| file.path)
    }

    /// Where pages find their scripts and styles.
    pub fn assets(self) -> Assets {
        let path = |name: &str| self.path(name).unwrap_or_default().to_owned();
        Assets {
            js: path("keydesk.js"),
            wasm: path("keydesk.wasm"),
            wake: path("wake.js"),
            css: path("keydesk.css"),
            icon: path("favicon.svg"),
            scopes: path("scopes.js"),
            zone: path("zone.js"),
            document: path("document.js"),
            key: path("key.js"),
            passkey: path("passkey.js"),
            account: path("account.js"),
            usage: path("usage.js"),
            docs: path("docs.js"),
            try_it: path("try-it.js"),
            link: path("link.js"),
        }
    }

    /// Each file under its exact path.
    pub fn routes(self) -> Router {
        self.0.iter().fold(Router::new(), |router, file| {
            let tag = tag(file);
            router.route(file.path, get(move |headers: HeaderMap| std::future::ready(file.answer(&headers, &tag))))
        })
    }
}

impl File {
    /// A name that changes with the content can be kept for ever.
    fn is_immutable(&self) -> bool {
        !self.path.ends_with(self.name)
    }

    fn answer(&self, asked: &HeaderMap, tag: &HeaderValue) -> Response {
        let (encoding, bytes) = self.encoded(asked);
        let mut response = Response::new(Body::from(Bytes::from_static(bytes)));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Some(encoding) = encoding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        if self.is_immutable() {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
            return response;
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
        headers.insert(header::ETAG, tag.clone());
        if matches(asked, tag) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.body_mut() = Body::empty();
        }
        response
    }

    fn encoded(&self, asked: &HeaderMap) -> (Option<&'static str>, &'static [u8]) {
        let accepted = Accepted::read(asked);
        match (self.brotli, self.gzip) {
            (Some(bytes), _) if accepted.brotli => (Some("br"), bytes),
            (_, Some(bytes)) if accepted.gzip => (Some("gzip"), bytes),
            _ => (None, self.identity),
        }
    }
}

/// Weak, since it is the same for every encoding of the file.
fn tag(file: &File) -> HeaderValue {
    let digest = domain::fingerprint(file.identity);
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::try_from(format!("W/\"{hex}\"")).unwrap_or(HeaderValue::from_static("W/\"\""))
}

fn matches(asked: &HeaderMap, tag: &HeaderValue) -> bool {
    // Compared weakly, and without the coding that a compressing proxy writes behind it ("..-gzip"): it stands for the same file. As
    // bytes: one tag that is no text, as a cache in between may keep it, must not hide the others.
    let opaque = |tag: &[u8]| {
        let tag = tag.strip_prefix(b"W/").unwrap_or(tag);
        tag.strip_prefix(b"\"").unwrap_or(tag).to_vec()
    };
    let own = opaque(tag.as_bytes().strip_suffix(b"\"").unwrap_or(tag.as_bytes()));
    let same = |one: &[u8]| {
        one == b"*"
            || opaque(one)
                .strip_prefix(own.as_slice())
                .is_some_and(|rest| !rest.first().is_some_and(u8::is_ascii_hexdigit))
    };
    let tags = asked.get_all(header::IF_NONE_MATCH).iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    tags.map(<[u8]>::trim_ascii).any(same)
}

/// Which compressed forms a browser takes. Of two that it takes alike the smaller one is sent, whatever their weights.
#[derive(Debug, Default, PartialEq, Eq)]
struct Accepted {
    brotli: bool,
    gzip: bool,
}

impl Accepted {
    fn read(headers: &HeaderMap) -> Self {
        let (mut brotli, mut gzip, mut any) = (None, None, None);
        let lines = headers.get_all(header::ACCEPT_ENCODING).iter();
        let entries = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
        // An entry that is no text names no encoding that is known here.
        for entry in entries.filter_map(|entry| str::from_utf8(entry).ok()) {
            let mut parts = entry.split(';').map(str::trim);
            let coding = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
            let weight: f32 = weight;
            match coding.as_str() {
                "br" => brotli = Some(weight),
                "gzip" | "x-gzip" => gzip = Some(weight),
                "*" => any = Some(weight),
                _ => {}
            }
        }
        let (brotli, gzip) = (brotli.or(any).unwrap_or(0.0), gzip.or(any).unwrap_or(0.0));
        Self { brotli: brotli > 0.0 && brotli >= gzip, gzip: gzip > 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static FAVICON: File = File {
        name: "favicon.ico",
        path: "/favicon.ico",
        content_type: "image/x-icon",
        identity: b"plain",
        brotli: Some(b"br"),
        gzip: Some(b"gz"),
    };

    fn asked(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn the_best_accepted_encoding_is_sent() {
        for (accept, expected) in [
            ("gzip, deflate, br, zstd", Some("br")),
            ("gzip", Some("gzip")),
            ("br;q=0, gzip", Some("gzip")),
            ("br;q=0.5, gzip;q=0.9", Some("gzip")),
            ("gzip;q=0.5, BR", Some("br")),
            ("*", Some("br")),
            ("*;q=0", None),
            ("br;q=0, *", Some("gzip")),
            ("identity", None),
            ("br;q=nonsense", None),
            ("", None),
        ] {
            assert_eq!(FAVICON.encoded(&asked(header::ACCEPT_ENCODING, accept)).0, expected, "{accept}");
        }
        assert_eq!(FAVICON.encoded(&HeaderMap::new()), (None, &b"plain"[..]));
    }

    #[test]
    fn fixed_names_are_revalidated_and_hashed_ones_are_kept() {
        let tag = tag(&FAVICON);
        let first = FAVICON.answer(&HeaderMap::new(), &tag);
        assert_eq!(first.headers()[header::CACHE_CONTROL], "public, max-age=300");
        let again = FAVICON.answer(&asked(header::IF_NONE_MATCH, tag.to_str().unwrap()), &tag);
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        let opaque = tag.to_str().unwrap().trim_start_matches("W/").trim_matches('"').to_owned();
        for (altered, expected) in
            [("", StatusCode::NOT_MODIFIED), ("-gzip", StatusCode::NOT_MODIFIED), ("0", StatusCode::OK)]
        {
            let altered = format!("\"{opaque}{altered}\"");
            assert_eq!(FAVICON.answer(&asked(header::IF_NONE_MATCH, &altered), &tag).status(), expected, "{altered}");
        }
        let hashed = File { name: "keydesk.js", path: "/pkg/keydesk.0a1b.js", ..FAVICON };
        let kept = hashed.answer(&HeaderMap::new(), &tag);
        assert_eq!(kept.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert_eq!(kept.headers()[header::VARY], "accept-encoding");
    }
}
