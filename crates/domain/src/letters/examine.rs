use crate::{Finding, Keydesk};

impl Keydesk {
    /// Whether letters are sent; nothing, where no mail server is configured and no letter waits.
    pub(crate) async fn examine_mail(&self) -> Option<Finding> {
        const WHAT: &str = "mail";
        let store = &self.inner.store;
        let counts = match store.count_letters().await {
            Ok(counts) => counts,
            Err(error) => return Some(Finding::new(WHAT, false, error.to_string(), "check that the database runs")),
        };
        if !self.sends_mail() && counts.waiting == 0 {
            return None;
        }
        if !self.sends_mail() {
            let found = format!("{} letters wait, and no mail server is configured here", counts.waiting);
            let advice = "give the server the same [mail] as the program that wrote them, or pass their links on";
            return Some(Finding::new(WHAT, false, found, advice));
        }
        if counts.given_up == 0 {
            return Some(Finding::new(WHAT, true, format!("{} letters wait", counts.waiting), ""));
        }
        let why = store.why_given_up().await.ok().flatten().unwrap_or_else(|| "nobody knows why".to_owned());
        let found = format!("{} letters were given up within 7 days, the last because {why}", counts.given_up);
        Some(Finding::new(WHAT, false, found, "mend it, try it with `keydesk mail test ADDRESS`, and make new links"))
    }
}
