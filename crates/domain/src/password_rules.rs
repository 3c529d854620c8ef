//! Which passwords are taken, and in which form they are hashed.

use model::{AdminError, InstallationId, PASSWORD_MAX, PASSWORD_MIN, PlainSecret};
use unicode_normalization::UnicodeNormalization as _;
use zxcvbn::{Score, feedback::Feedback, zxcvbn};

use crate::Keydesk;

/// Longest text that is looked at, in bytes: no password of [`PASSWORD_MAX`] characters is longer, however it is written.
const BYTES_MAX: usize = PASSWORD_MAX * 16;

/// The password in NFC, so that it is the same whichever keyboard it was typed on. `None`: nobody has so long a password,
/// and looking at it would let a caller make the server work.
pub(crate) fn normalized(typed: &PlainSecret) -> Option<PlainSecret> {
    if typed.expose().len() > BYTES_MAX {
        return None;
    }
    let text: String = typed.expose().nfc().collect();
    (text.chars().count() <= PASSWORD_MAX).then(|| PlainSecret::new(text))
}

/// Characters of its own that a password has, beside words that are known.
const OWN_MIN: usize = 6;
/// A word that is known has at least this many characters. Shorter ones are in many words.
const KNOWN_MIN: usize = 3;
const CONTAINS_KNOWN_NAMES: &str = "It contains your name or the name of this contact centre, which others know.";

/// Words of the product, which everybody who guesses knows.
const PRODUCT: [&str; 5] = ["Keydesk", "Contact Centre", "Contact Center", "API Keys", "Workspace"];

impl Keydesk {
    /// What somebody who guesses a password of a person of this installation would try first.
    pub(crate) fn words_about(&self, installation: InstallationId, name: &str, email: &str) -> Vec<String> {
        let place = self.remembered(installation).map(|place| [place.name, place.title]);
        let names = place.iter().flatten().map(String::as_str);
        words_of(PRODUCT.into_iter().chain([name, email]).chain(names))
    }
}

/// The texts, each word of them, and their words without what stands between, in lower case.
fn words_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut all = Vec::new();
    for text in texts {
        let text = text.to_lowercase();
        let words: Vec<_> = text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect();
        all.push(words.concat());
        all.extend(words);
        all.push(text);
    }
    all.retain(|word| word.chars().count() > 1);
    all
}

/// Refuses a password that is too short or easy to guess for somebody who knows these words. It takes up to a second:
/// never on a thread that answers calls.
pub(crate) fn require_strong(password: &PlainSecret, about: &[String]) -> Result<(), AdminError> {
    if password.expose().chars().count() < PASSWORD_MIN {
        return Err(AdminError::WeakPassword);
    }
    let about: Vec<&str> = about.iter().map(String::as_str).collect();
    let guessed = zxcvbn(password.expose(), &about);
    if guessed.score() < Score::Three {
        return Err(AdminError::GuessablePassword { advice: guessed.feedback().map(advice).unwrap_or_default() });
    }
    if beside(password.expose(), about) < OWN_MIN {
        return Err(AdminError::GuessablePassword { advice: CONTAINS_KNOWN_NAMES.to_owned() });
    }
    Ok(())
}

/// How many characters the password has beside the words that are known. Each of them costs whoever guesses little,
/// however often it is repeated.
fn beside(password: &str, mut known: Vec<&str>) -> usize {
    known.retain(|word| word.chars().count() >= KNOWN_MIN);
    known.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let rest = known.into_iter().fold(password.to_lowercase(), |rest, word| rest.replace(word, " "));
    rest.chars().filter(|c| !c.is_whitespace()).count()
}

fn advice(feedback: &Feedback) -> String {
    let warning = feedback.warning().map(|warning| warning.to_string());
    let suggestions = feedback.suggestions().iter().map(ToString::to_string);
    warning.into_iter().chain(suggestions).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> PlainSecret {
        PlainSecret::new(text.to_owned())
    }

    fn refusal(password: &str) -> Option<String> {
        let about = words_of(["Ada Lovelace", "ada.king@countess.example"]);
        require_strong(&secret(password), &about).err().map(|error| error.to_string())
    }

    #[test]
    fn what_is_easy_to_guess_is_refused_in_words() {
        assert_eq!(refusal("correct horse battery"), None);
        assert_eq!(refusal("長いパスワードは良いです"), None);
        let common = refusal("password1234").unwrap_or_default();
        assert!(common.starts_with("This password is easy to guess. This is a very common password. Add"), "{common}");
        for known in ["aaaaaaaaaaaaaaaa", "Ada Lovelace 1815", "adalovelace1815", "ada.king@countess.example"] {
            assert!(refusal(known).is_some(), "{known}");
        }
        assert_eq!(refusal("x8#kQ2!zR"), Some("A password has 12 to 256 characters.".to_owned()));
    }

    #[test]
    fn words_of_the_product_are_easy_to_guess() {
        let about = words_of(PRODUCT);
        for known in ["Contact centre", "contactcentre1", "keydesk-keydesk", "keydesk-workspace", "API keys Keydesk"] {
            assert!(require_strong(&secret(known), &about).is_err(), "{known}");
        }
    }

    #[test]
    fn a_password_has_one_form() {
        let normal = |text: &str| normalized(&secret(text)).map(|password| password.expose().to_owned());
        for typed in ["caf\u{e9} correct battery", "cafe\u{301} correct battery"] {
            assert_eq!(normal(typed).as_deref(), Some("caf\u{e9} correct battery"));
        }
        assert_eq!(normal(&"e\u{301}".repeat(PASSWORD_MAX)), Some("\u{e9}".repeat(PASSWORD_MAX)));
        assert_eq!(normal(&"x".repeat(PASSWORD_MAX + 1)), None);
        assert_eq!(normal(&"e\u{301}\u{302}".repeat(100_000)), None);
    }
}
