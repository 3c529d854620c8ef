//! In place of Redis in a binary that was built without it: there is no address of one.

use std::sync::atomic::AtomicU64;

use super::Asked;

/// Where rate limits would be decided together.
#[derive(Clone, Debug)]
pub enum RedisAddress {}

/// Nothing is an address of Redis here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("can't be used: this binary was built without Redis")]
pub struct InvalidRedisAddress;

impl RedisAddress {
    /// Refuses the text.
    pub fn parse(_: &str) -> Result<Self, InvalidRedisAddress> {
        Err(InvalidRedisAddress)
    }
}

pub(crate) struct RedisRates {
    address: RedisAddress,
    pub(crate) decided: AtomicU64,
    pub(crate) failed: AtomicU64,
}

impl RedisRates {
    pub(crate) fn new(address: RedisAddress) -> Self {
        match address {}
    }

    pub(crate) fn is_up(&self, _: u64) -> bool {
        match self.address {}
    }

    pub(crate) fn answers(&self) -> bool {
        match self.address {}
    }

    pub(crate) async fn decide(&self, _: &[Asked], _: u64, _: bool, _: u64) -> Option<(Vec<u64>, bool)> {
        match self.address {}
    }

    pub(crate) async fn give_back(&self, _: &[Asked], _: u64, _: u64) {
        match self.address {}
    }
}
