use domain::NewAccountLink;
use model::{AccountLink, Instant};
use serde::Serialize;

use crate::commands::{CommandContext, Failed, Format, output::Output};

/// A link by which a person sets a password. It is printed once.
#[derive(Serialize)]
struct Link<'a> {
    email: &'a str,
    name: &'a str,
    link: &'a str,
    /// The same without the address, for whoever knows it better.
    path: &'a str,
    expires_at: Instant,
    /// Whether it is also sent to them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    mailed: bool,
    /// What is to be known about the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

/// The token stands behind `#`, where no browser sends it, so that no proxy's log holds it.
pub(super) fn show(
    made: &NewAccountLink,
    format: &Format,
    context: &CommandContext,
    output: &mut Output,
) -> Result<(), Failed> {
    let AccountLink { kind, email, name } = &made.link;
    let path = format!("{}#{}", kind.path(), made.token.expose());
    let (link, note) = (context.links.to(&path), context.links.note());
    let otherwise = format!("a link for {email} was made, but it could not be printed, so nobody has it: make another");
    output.once(&otherwise, |output| {
        if format.json {
            let (expires_at, mailed) = (made.expires_at, made.mailed);
            return Ok(output.json(&Link { email, name, link: &link, path: &path, expires_at, mailed, note })?);
        }
        output.pairs(&[("Link", &link), ("For", email), ("Until", &made.expires_at.to_string())])?;
        output.note(made.mailed.then_some("The server also sends it to them."))?;
        Ok(output.note(note)?)
    })
}
