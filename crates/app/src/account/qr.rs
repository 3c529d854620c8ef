//! A text as a picture that apps read with a camera, drawn by the server: the text is a secret, and no other service sees it.

use std::fmt::Write as _;

use leptos::prelude::*;
use qrcodegen::{QrCode, QrCodeEcc};

/// The empty border that the standard asks for, in modules.
const BORDER: i32 = 4;

/// The picture. `None`: the text is longer than any picture holds.
pub(super) fn qr(text: &str, label: &'static str) -> Option<AnyView> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let size = code.size() + 2 * BORDER;
    let side = size.to_string();
    let drawn = view! {
        <svg class="qr" viewBox=format!("0 0 {size} {size}") role="img" aria-label=label shape-rendering="crispEdges">
            <rect width=side.clone() height=side fill="#fff"></rect>
            <path fill="#000" d=path(&code)></path>
        </svg>
    };
    Some(drawn.into_any())
}

/// Each run of dark modules in a line as one rectangle.
fn path(code: &QrCode) -> String {
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let length = (x..code.size()).take_while(|x| code.get_module(*x, y)).count();
            if length > 0 {
                // Writing into a string does not fail.
                _ = write!(path, "M{} {}h{length}v1h-{length}z", x + BORDER, y + BORDER);
            }
            x += i32::try_from(length).unwrap_or(i32::MAX).max(1);
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The modules that a path fills in.
    fn filled(path: &str) -> Vec<(i32, i32)> {
        let mut filled = Vec::new();
        for run in path.split('M').skip(1) {
            let (at, rest) = run.split_once('h').unwrap();
            let (x, y) = at.split_once(' ').unwrap();
            let length: i32 = rest.split_once('v').unwrap().0.parse().unwrap();
            let (x, y): (i32, i32) = (x.parse().unwrap(), y.parse().unwrap());
            filled.extend((x..x + length).map(|x| (x - BORDER, y - BORDER)));
        }
        filled
    }

    #[test]
    fn every_dark_module_is_drawn_and_no_other() {
        let text = "otpauth://totp/Keydesk:ada@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Keydesk";
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).unwrap();
        let drawn = filled(&path(&code));
        let all = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
        let dark: Vec<_> = all.filter(|(x, y)| code.get_module(*x, *y)).collect();
        assert_eq!(drawn, dark);
        // The corner by which cameras find it.
        assert!(drawn.contains(&(0, 0)) && drawn.contains(&(6, 6)) && !drawn.contains(&(1, 1)));
        assert!(qr(&"a".repeat(10_000), "").is_none());
    }
}
