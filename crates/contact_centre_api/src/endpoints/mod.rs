//! What can be asked, one subject a file.

pub(crate) mod accuracy;
pub(crate) mod agents;
pub(crate) mod calls;
pub(crate) mod campaigns;
pub(crate) mod changes;
pub(crate) mod conformance;
pub(crate) mod contacts;
pub(crate) mod data;
pub(crate) mod data_write;
pub(crate) mod faults;
pub(crate) mod leads;
mod lines;
pub(crate) mod live;
pub(crate) mod lookup;
pub(crate) mod make_call;
pub(crate) mod metrics;
pub(crate) mod queues;
pub(crate) mod recording_content;
pub(crate) mod recordings;
pub(crate) mod reports;
pub(crate) mod sandbox;
pub(crate) mod sessions;
pub(crate) mod verbs;
pub(crate) mod wraps;
