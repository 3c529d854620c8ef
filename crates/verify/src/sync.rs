//! The locks and flags of what is counted. A test of all orders in which threads can run puts others in their place.

pub(crate) use std::sync::{Mutex, MutexGuard, atomic::AtomicBool};
