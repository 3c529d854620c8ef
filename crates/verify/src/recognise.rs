use std::{net::IpAddr, sync::Arc};

use model::{Instant, presented_key};

use crate::{Record, Unavailable, Verifier, verify::Looked};

impl Verifier {
    /// The record of a key that is only recognised: its state, its bounds and its limits are not asked, and nothing is taken or
    /// counted. `Err(Some)`: it is not known, and its address has sent too many such keys and is to wait so many seconds.
    pub async fn recognise(
        &self,
        key: &str,
        address: Option<IpAddr>,
        now: Instant,
    ) -> Result<Result<Arc<Record>, Option<u32>>, Unavailable> {
        let key = presented_key(key);
        let found = match self.look(key) {
            Looked::Known(record) => Some(self.is_fresh().then_some(record).ok_or(Unavailable)?),
            Looked::Unknown => None,
            Looked::Unread(..) if self.is_guess(self.form(key), &[], address) => None,
            Looked::Unread(peppers, digest) => self.read_presented(key, peppers, digest).await?,
        };
        let record = found.filter(|record| !record.is_gone(now));
        Ok(record.ok_or_else(|| self.failed(address, None, now)))
    }
}
