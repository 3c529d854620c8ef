//! The decision on a call: the code that runs for every call, and nothing else.
//!
//! Invariants:
//! - a call with a key that memory knows does no I/O, allocates nothing, and never waits for the recording of usage; a refused one
//!   that is kept to be explained allocates what is kept, of each key at most 2 a second beyond the first hundred; one that a trial
//!   would have refused allocates the reason;
//! - there is no wall clock in here: whatever depends on time takes `now`, but for freshness, which goes by a clock that
//!   nobody sets;
//! - memory comes from one history of the database: if that becomes another one (a failover, a backup that was restored),
//!   all of it is forgotten;
//! - there is no verb and no person in here: nothing changes a key, and the decision never depends on who asks.
//!   `domain` makes changes and applies them with [`Verifier::apply`] or [`Verifier::put`] before it answers;
//! - of two records of one secret the one with the higher epoch stays in memory, in whichever order they arrive, and a
//!   record read while a change was applied is used once and not kept;
//! - a secret that got another pepper stays in memory under its former digest, too, and changes there with it, until nothing that
//!   was read before can arrive any more;
//! - memory is trusted for 5 s after the database last proved it fresh; then calls with keys that it knows are refused;
//! - a key that is not found is refused in the time that a key that is found takes;
//! - a derived token may do no more than its key may at the time of a call. It has a record of its own, made of its key's, and made anew
//!   when that is another one; what is counted and limited is counted and limited with the key;
//! - an address that sends many keys that are not found is slowed down, whichever they are: malformed, unknown or foreign. A key that
//!   is found is never slowed down by others, but for one that another system issued and that memory does not know: it would take a read,
//!   and anybody can make up texts of its form;
//! - without keys that others have issued, a text that has the form of none of ours asks for nothing. One that is known by a hash is
//!   known by its own digest from its first use on;
//! - hashes that take long are checked away from the threads that answer, a few at once, and with bounds for each prefix and address.

mod cache;
mod call;
mod candidate;
mod candidates;
mod catch_up;
mod checked_token;
mod current_peppers;
mod detail;
mod ends;
mod explain;
mod flush_trials;
mod flush_usage;
mod form;
mod freshness;
mod guessing;
mod guessing_bursts;
mod guessing_source;
mod imported;
mod imports;
mod limiting;
mod limits;
mod lookups;
mod make_token;
mod occupancy;
mod peppers;
mod reached;
mod recognise;
mod record;
mod recordings;
mod refusal_budgets;
mod refusals;
mod shown;
mod slow_calls;
mod slow_down;
mod slow_keys;
mod slow_match;
mod standing;
mod still;
mod sync;
mod ticks;
mod token_calls;
mod token_origins;
mod tokens;
mod trial;
mod usage;
mod used_secrets;
mod verifier;
mod verify;
mod whose;

pub use cache::Prepared;
pub use call::{Asked, Call, Unavailable, Verdict};
pub use catch_up::Warmed;
pub use checked_token::CheckedToken;
pub use guessing_bursts::GuessingDetected;
pub use imports::ImportedCounters;
pub use limits::{InvalidRedisAddress, LimitKind, LimitLabel, LimitOwner, LimitState, RedisAddress, RefusedBy};
pub use make_token::MadeToken;
pub use peppers::{Pepper, Peppers};
pub use reached::LimitReached;
pub use record::Record;
pub use recordings::BytesTaken;
pub use refusals::RefusalCounters;
pub use slow_keys::SlowKeyCounters;
pub use ticks::Ticks;
pub use tokens::{PublicTokenKey, TokenCounters, TokenKey, TokenKeys};
pub use used_secrets::UsedSecret;
pub use verifier::{Counters, RedisCounters, Verifier};
pub use whose::FoundSecret;
