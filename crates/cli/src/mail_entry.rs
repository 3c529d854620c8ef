//! The part of the configuration file that says how letters are sent: `[mail]`.

use std::{fs, path::PathBuf};

use domain::MailOptions;
use http::Uri;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::secret_file::{self, NoSecret};

/// `[mail]`.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailEntry {
    /// The mail server: `smtps://USER@HOST:PORT`.
    smtp_url: Option<String>,
    /// Who writes: `Keydesk <keydesk@example.com>`.
    from: Option<String>,
    /// The file of the password, where it is not in the address.
    password_file: Option<PathBuf>,
    /// A file of certificates in PEM, of authorities that are trusted besides those that browsers trust.
    ca: Option<PathBuf>,
    /// Whether letters may pass unencrypted to another machine.
    #[serde(default)]
    allow_unencrypted: bool,
}

/// What can't be used of it. The address is not repeated, since it may hold a password.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidMailEntry {
    #[error("[mail] needs smtp_url, the address of the mail server: smtps://USER@HOST.")]
    NoServer,
    #[error("{0}.")]
    Password(#[from] NoSecret),
    #[error("mail.ca: {} can't be read: {source}.", .file.display())]
    Roots { file: PathBuf, source: std::io::Error },
    #[error("{0}.")]
    Mail(#[from] domain::InvalidMail),
}

impl MailEntry {
    /// `None`: no letters are sent. Whoever writes is named after the host of the public address.
    pub(crate) fn options(self, public_url: Option<&str>) -> Result<Option<MailOptions>, InvalidMailEntry> {
        let given = |text: &String| !text.is_empty();
        let Self { smtp_url, from, password_file, ca, allow_unencrypted } = self;
        let from = from.filter(given);
        let Some(smtp_url) = smtp_url.filter(given) else {
            let any = from.is_some() || password_file.is_some() || ca.is_some() || allow_unencrypted;
            return if any { Err(InvalidMailEntry::NoServer) } else { Ok(None) };
        };
        let host = public_url.and_then(|url| Some(url.parse::<Uri>().ok()?.host()?.to_owned()));
        let named = || format!("Keydesk <keydesk@{}>", host.as_deref().unwrap_or("localhost"));
        let password = password_file.map(|file| secret_file::read("mail.password_file", &file)).transpose()?;
        let roots = match ca {
            Some(file) => fs::read(&file).map_err(|source| InvalidMailEntry::Roots { file, source })?,
            None => Vec::new(),
        };
        let options = MailOptions {
            smtp_url: Zeroizing::new(smtp_url),
            password,
            from: from.unwrap_or_else(named),
            roots,
            unencrypted: allow_unencrypted,
        };
        mail::Mailer::new(&options)?;
        Ok(Some(options))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<MailOptions>, String> {
        let entry: MailEntry = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        entry.options(Some("https://desk.example.com:8443")).map_err(|error| error.to_string())
    }

    #[test]
    fn letters_are_sent_where_a_mail_server_is_named() {
        assert!(read("").unwrap().is_none() && read("smtp_url = ''").unwrap().is_none());
        let own = read("smtp_url = 'smtps://ada:secret@mail.example.com'").unwrap().unwrap();
        assert_eq!((own.from.as_str(), own.unencrypted), ("Keydesk <keydesk@desk.example.com>", false));
        let here = toml::from_str::<MailEntry>("smtp_url = 'smtp://localhost:25'").unwrap().options(None).unwrap();
        assert_eq!(here.unwrap().from, "Keydesk <keydesk@localhost>");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        fs::write(&file, "secret\n").unwrap();
        let text =
            format!("smtp_url = 'smtp://ada@m.example.com'\nfrom = 'a@b.ch'\npassword_file = '{}'", file.display());
        let own = read(&text).unwrap().unwrap();
        assert_eq!((own.from.as_str(), own.password.unwrap().as_str()), ("a@b.ch", "secret"));
    }

    #[test]
    fn what_can_not_be_used_is_refused_with_its_name_and_without_a_password() {
        for (text, expected) in [
            ("from = 'a@b.ch'", "[mail] needs smtp_url"),
            ("allow_unencrypted = true", "[mail] needs smtp_url"),
            ("smtp_url = 'mail.example.com:secret'", "mail.smtp_url must be smtps://HOST"),
            ("smtp_url = 'smtp://ada:secret@localhost'\nfrom = 'nobody'", "mail.from must be"),
            (
                "smtp_url = 'smtp://localhost'\npassword_file = '/nowhere/p'",
                "mail.password_file: /nowhere/p can't be read",
            ),
            ("smtp_url = 'smtp://localhost'\nca = '/nowhere/ca.pem'", "mail.ca: /nowhere/ca.pem can't be read"),
            ("smtp = 'x'", "unknown field `smtp`"),
        ] {
            let error = read(text).err().unwrap();
            assert!(error.starts_with(expected) && !error.contains("secret"), "{error}");
        }
    }
}
