use std::{fmt, time::Duration};

use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::{
    Letter,
    server::{InvalidServer, Protection, Server},
};

/// How long the server may take for one step, and for all of them.
const STEP: Duration = Duration::from_secs(20);
const WHOLE: Duration = Duration::from_secs(60);
/// Letters of an answer that are kept for the operator.
const ANSWER_MAX: usize = 300;

/// The mail server and who writes, as the operator says.
#[derive(Clone)]
pub struct MailOptions {
    /// `smtps://user:password@host:port`.
    pub smtp_url: Zeroizing<String>,
    /// The password, where it is not in the address.
    pub password: Option<Zeroizing<String>>,
    /// Who writes: `Keydesk <keydesk@example.com>`.
    pub from: String,
    /// Authorities that are trusted besides those of browsers, in PEM.
    pub roots: Vec<u8>,
    /// Whether letters may pass unencrypted to another machine.
    pub unencrypted: bool,
}

impl fmt::Debug for MailOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailOptions").field("from", &self.from).finish_non_exhaustive()
    }
}

/// What can't be used of the options, by the name of its setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMail {
    /// No mail server.
    #[error("mail.smtp_url {0}")]
    Server(#[from] InvalidServer),
    /// Nobody can write so.
    #[error("mail.from must be an email address, such as Keydesk <keydesk@example.com>")]
    From,
    /// No certificates.
    #[error("mail.ca must be a file of certificates in PEM")]
    Roots,
    /// Two, or one for nobody.
    #[error("mail.password_file goes with a user in mail.smtp_url that has no password there")]
    Password,
}

/// Why a letter was not sent, as it may be written down: nothing of the letter, and no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unsent {
    /// Whether the server will never take it.
    pub for_good: bool,
    /// In words.
    pub reason: String,
    /// What the server said. It may name the recipient, so it is for the operator's eyes, and for no log.
    pub answer: Option<String>,
}

/// What sends. Cheap to clone.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    host: String,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailer").field("host", &self.host).finish_non_exhaustive()
    }
}

impl Mailer {
    /// A mailer for this server. Nothing is dialled yet.
    pub fn new(options: &MailOptions) -> Result<Self, InvalidMail> {
        let Server { host, port, protection, user, password } = Server::parse(&options.smtp_url, options.unencrypted)?;
        let from = sender(&options.from).ok_or(InvalidMail::From)?;
        let password = match (password, &options.password) {
            (Some(_), Some(_)) => return Err(InvalidMail::Password),
            (own, given) => own.or_else(|| given.clone()),
        };
        let tls = match protection {
            Protection::Nothing => Tls::None,
            Protection::Asked => Tls::Required(parameters(&host, &options.roots)?),
            Protection::Wrapped => Tls::Wrapper(parameters(&host, &options.roots)?),
        };
        let own = Some(from.email.domain()).filter(|domain| domain.is_ascii());
        let own = own.map_or_else(ClientId::default, |domain| ClientId::Domain(domain.to_owned()));
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host.clone())
            .port(port)
            .tls(tls)
            .hello_name(own)
            .timeout(Some(STEP));
        match (user, password) {
            (Some(user), password) => {
                let password = password.map(|password| password.to_string()).unwrap_or_default();
                transport = transport.credentials(Credentials::new(user, password));
            }
            (None, Some(_)) => return Err(InvalidMail::Password),
            (None, None) => {}
        }
        Ok(Self { transport: transport.build(), from, host })
    }

    /// Sends a letter: the server has taken it, or it was not sent as far as anybody knows.
    pub async fn send(&self, letter: &Letter) -> Result<(), Unsent> {
        let message = self.message(letter)?;
        match timeout(WHOLE, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(unsent(&error)),
            Err(_) => Err(Unsent::soon(format!("the mail server took longer than {} s", WHOLE.as_secs()))),
        }
    }

    fn message(&self, letter: &Letter) -> Result<Message, Unsent> {
        let never = |reason: &str| Unsent { for_good: true, reason: reason.to_owned(), answer: None };
        let to: Address = letter.to.parse().map_err(|_| never("nobody can be written to at that address"))?;
        // Programs that answer letters by themselves leave it alone.
        let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(one_line(&letter.subject))
            .message_id(Some(format!("<{}@{}>", letter.id, self.from.email.domain())))
            .raw_header(automatic)
            .multipart(MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone()))
            .map_err(|_| never("the letter can't be written"))
    }
}

impl Unsent {
    fn soon(reason: String) -> Self {
        Self { for_good: false, reason, answer: None }
    }
}

fn parameters(host: &str, roots: &[u8]) -> Result<TlsParameters, InvalidMail> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if !roots.is_empty() {
        builder = builder.add_root_certificate(Certificate::from_pem(roots).map_err(|_| InvalidMail::Roots)?);
    }
    builder.build_rustls().map_err(|_| InvalidMail::Roots)
}

/// `Keydesk <keydesk@example.com>`, or the address alone.
fn sender(text: &str) -> Option<Mailbox> {
    if text.chars().any(char::is_control) {
        return None;
    }
    let text = text.trim();
    let (name, address) = match text.strip_suffix('>') {
        Some(named) => named.split_once('<')?,
        None => ("", text),
    };
    let name = name.trim().trim_matches('"');
    let name = (!name.is_empty()).then(|| name.to_owned());
    Some(Mailbox::new(name, address.trim().parse().ok()?))
}

/// A header is one line, whatever somebody has typed.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// By these a server says that there is no such mailbox, or that it never takes letters to it. All else may be mended: by the
/// operator, who has a wrong password there, or by time.
const NO_MAILBOX: [u16; 4] = [550, 551, 553, 556];

fn unsent(error: &lettre::transport::smtp::Error) -> Unsent {
    if let Some(code) = error.status().map(u16::from) {
        let said = error.to_string();
        let answer = Some(said.chars().filter(|c| !c.is_control()).take(ANSWER_MAX).collect());
        let reason = format!("the mail server answered {code}");
        return Unsent { for_good: NO_MAILBOX.contains(&code), reason, answer };
    }
    let reason = if error.is_timeout() {
        "the mail server did not answer in time".to_owned()
    } else if error.is_tls() {
        format!("no TLS to the mail server: {}", source(error))
    } else if error.is_response() {
        "the mail server answered with something that is not SMTP".to_owned()
    } else if error.is_client() {
        "the mail server can't take the letter, sign us in, or take up TLS".to_owned()
    } else {
        format!("no connection to the mail server: {}", source(error))
    };
    Unsent::soon(reason)
}

/// The last of its causes: what the system says.
fn source(error: &lettre::transport::smtp::Error) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string().chars().filter(|c| !c.is_control()).take(ANSWER_MAX).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn options(smtp_url: &str) -> MailOptions {
        MailOptions {
            smtp_url: Zeroizing::new(smtp_url.to_owned()),
            password: None,
            from: "Keydesk <keydesk@example.com>".to_owned(),
            roots: Vec::new(),
            unencrypted: false,
        }
    }

    fn letter(to: &str, subject: &str) -> Letter {
        Letter {
            id: Uuid::from_u128(7),
            to: to.to_owned(),
            subject: subject.to_owned(),
            text: "Hello.\nhttp://127.0.0.1/x#abc".to_owned(),
            html: "<p>Hello.</p>".to_owned(),
        }
    }

    fn written(to: &str, subject: &str) -> String {
        let mailer = Mailer::new(&options("smtp://localhost:1025")).unwrap();
        String::from_utf8(mailer.message(&letter(to, subject)).unwrap().formatted()).unwrap()
    }

    #[test]
    fn a_letter_has_both_parts_and_says_that_a_program_wrote_it() {
        let text = written("ada@example.com", "You are invited");
        for part in [
            "From: Keydesk <keydesk@example.com>\r\n",
            "To: ada@example.com\r\n",
            "Subject: You are invited\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Message-ID: <00000000-0000-0000-0000-000000000007@example.com>\r\n",
            "Content-Type: multipart/alternative",
            "Content-Type: text/plain; charset=utf-8\r\n",
            "Content-Type: text/html; charset=utf-8\r\n",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }

    #[test]
    fn nothing_that_somebody_types_adds_a_header() {
        let text = written("ada@example.com", "You are invited\r\nBcc: eve@example.com\r\n\r\nHi");
        let head = text.split("\r\n\r\n").next().unwrap();
        assert!(!head.lines().any(|line| line.to_ascii_lowercase().starts_with("bcc")), "{head}");
        let mailer = Mailer::new(&options("smtp://localhost")).unwrap();
        for to in ["ada@example.com\r\nBcc: eve@example.com", "ada@example.com, eve@example.com", "x", ""] {
            assert!(mailer.message(&letter(to, "x")).unwrap_err().for_good, "{to:?}");
        }
    }

    #[test]
    fn options_that_can_not_be_used_are_refused_by_their_names() {
        let refused = |options: MailOptions| Mailer::new(&options).unwrap_err().to_string();
        assert!(refused(options("http://x")).starts_with("mail.smtp_url must be smtps://"));
        for from in ["", "Keydesk", "a@b.ch\r\nBcc: c@d.ch", "Keydesk <a@b.ch> c@d.ch", "a@b.ch>"] {
            let given = MailOptions { from: from.to_owned(), ..options("smtp://localhost") };
            assert!(refused(given).starts_with("mail.from must be"), "{from:?}");
        }
        let secret = || Some(Zeroizing::new("secret".to_owned()));
        for url in ["smtp://u:other@localhost", "smtp://localhost"] {
            let said = refused(MailOptions { password: secret(), ..options(url) });
            assert!(said.starts_with("mail.password_file goes with") && !said.contains("secret"), "{said}");
        }
        let given = MailOptions { roots: b"-----BEGIN CERTIFICATE-----\n!\n".to_vec(), ..options("smtps://localhost") };
        assert!(refused(given).starts_with("mail.ca must be"));
    }
}
