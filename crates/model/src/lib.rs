//! Keydesk's words: types, parsing, and rules that are pure functions of `now`.
//!
//! Invariants:
//! - no I/O, no clock, no randomness; everything here compiles to wasm;
//! - validity is a pure function of the record, the call and `now`;
//! - [`PlainSecret`] is the only type that holds a secret in plain; it prints masked and does not serialize.

mod about;
mod account;
mod actor;
mod administrator;
mod attention;
mod audit;
mod bearers;
mod bounded;
mod bounds;
mod catalogue;
mod ceiling;
mod claim;
mod client_name;
mod contact_centre;
mod cursor;
#[cfg(feature = "time-zones")]
mod day;
mod environment;
mod error;
pub mod error_kind;
mod event;
#[cfg(feature = "time-zones")]
mod expiry;
mod explanation;
mod fold;
mod handover;
mod hint_end;
mod histogram;
mod id;
mod import;
mod installation_settings;
mod instant;
#[cfg(feature = "time-zones")]
mod interval;
mod invisible;
mod issue_bounds;
mod joining;
mod key;
mod key_in_text;
mod key_unavailable;
mod leak_place;
mod leak_rule;
mod limit;
mod limit_text;
mod limit_words;
mod list;
#[cfg(feature = "collation")]
mod name_order;
mod network;
mod occupancy;
mod origin;
mod origin_union;
mod overlap;
mod path_alias;
#[cfg(feature = "time-zones")]
mod period;
mod permission;
#[cfg(feature = "phone")]
pub mod phone;
mod preset;
mod quota;
mod rate_limit;
mod rate_state;
mod raw_path;
mod refusal;
mod route;
mod route_table;
mod scope;
mod search;
mod search_texts;
mod second_factor;
mod secret;
mod selection;
mod settings;
mod sign_on;
mod sort;
#[cfg(feature = "time-zones")]
mod time_zone;
mod token;
mod token_life;
mod token_limits;
mod token_resources;
mod token_said;
mod token_text;
mod trial;
mod trusted_proxies;
mod usage;
mod usage_series;
mod verify;
mod webhook;

pub use about::*;
pub use account::{
    AccountLink, AccountLinkKind, INVITATION_LIFE_MS, OwnSession, Person, PersonStatus, RESET_LIFE_MS, SESSIONS_MAX,
};
pub use actor::{Action, Actor};
pub use administrator::{AdminError, Administrator, PASSWORD_MAX, PASSWORD_MIN, Role, UnknownRole};
pub use attention::{Attention, UnknownAttention};
pub use audit::{
    ActorFilter, AuditCursor, AuditItem, AuditPage, AuditQuery, InvalidActor, InvalidAuditCursor, UnknownAction,
};
pub use bearers::Bearers;
pub use bounded::{Bounded, InvalidLength};
pub use bounds::Bounds;
pub use catalogue::{Catalogue, InvalidCatalogue, ScopeEntry};
pub use ceiling::{Ceiling, CeilingInfo, Client};
pub use claim::{CLAIM_NAME_MAX, ClaimKind, ClaimName, InvalidClaimName, UnknownClaimKind};
pub use client_name::{CLIENT_NAME_MAX, ClientName, ClientNameError};
pub use contact_centre::{
    AGENTS_MAX, AgentIds, CALL_PREFIXES_MAX, CallPrefix, CallPrefixes, CallsPerHour, ContactCentreLimits, DialPrefix,
    DiallingHours, InvalidContactCentreText, InvalidDiallingHours, InvalidNumber, InvalidPrefixes, InvalidTold,
    InvalidWorldName, MaxStreams, RECORDING_BYTES_LIMIT, RecordingBytes, TooManyAgents, WorldName,
};
pub use cursor::{Cursor, CursorValue, InvalidCursor};
#[cfg(feature = "time-zones")]
pub use day::{Day, InvalidDay};
pub use environment::{AcceptedEnvironment, Environment, UnknownEnvironment};
pub use error::{KeyError, MODULE_UNAVAILABLE};
pub use error_kind::ErrorKind;
pub use event::{EVENT_TYPES, EventPatterns, InvalidPatterns, PATTERNS_MAX, Subject, SubjectKind};
#[cfg(feature = "time-zones")]
pub use expiry::{Expiry, InvalidExpiry};
pub use explanation::{Explanation, RefusedRoute};
pub use fold::{FOLD_VERSION, NAMES_FOLDED, fold_email, fold_name, fold_name_before};
pub use handover::{HANDOVER_LIFE_MS, Handover};
pub use hint_end::{HINT_TAIL, HintEnd, InvalidHintEnd};
pub use histogram::{Histogram, HistogramCounts};
pub use id::{
    AdministratorId, AuditId, EventId, HandoverId, ImportId, InstallationId, KeyId, PasskeyId, SecretId, SessionId,
    WebhookId,
};
pub use import::{
    Given, GivenHash, IMPORT_BYTES_MAX, IMPORT_ROWS_MAX, IMPORTED_KEY_MAX, IMPORTED_KEY_MIN, ImportCode, ImportFault,
    ImportFormat, ImportLine, ImportOutcome, ImportReader, ImportRow, ImportSummary, InvalidHash, InvalidKeyPrefix,
    KEY_PREFIX_MAX, KeyPrefix, Pbkdf2Digest, ReadRow, RowFault, SLOW_MEMORY_KIB_MAX, SlowHash, SlowKind, UnknownFormat,
    may_be_imported,
};
pub use installation_settings::{CONTACT_MAX, Contact, InvalidContact, InvalidKeyLife, KeyLife};
pub use instant::{Instant, InvalidInstant};
#[cfg(feature = "time-zones")]
pub use interval::{IntervalLength, UnknownLength};
pub use invisible::is_invisible;
pub use issue_bounds::{InvalidBounds, InvalidLife, IssueBounds, LONGEST_LIFE_MAX, LongestLife};
pub use key::{
    BulkDeleted, BulkSwitched, Key, KeyKind, KeyStatus, LifeCycle, RESTORE_WINDOW_MS, SecretInfo, Skipped,
    UnknownStatus,
};
pub use key_in_text::{KEY_TEXT_MAX, KeyInText, looks_like_key};
pub use key_unavailable::KeyUnavailable;
pub use leak_place::{LEAK_URL_MAX, LeakPlace};
pub use leak_rule::{LeakRule, UnknownLeakRule};
pub use limit::{InvalidLimit, LIMIT_MAX, LimitName};
pub use limit_text::InvalidLimitText;
pub use list::{KeyPage, ListQuery, PAGE_DEFAULT, PAGE_MAX};
#[cfg(feature = "collation")]
pub use name_order::name_order;
pub use network::{InvalidNetwork, NETWORKS_MAX, Network, NetworkSet, TooManyNetworks};
pub use occupancy::Occupancy;
pub use origin::{CallOrigin, InvalidOrigin, ORIGINS_MAX, OriginPattern, OriginSet, TooManyOrigins};
pub use origin_union::OriginUnion;
pub use overlap::{InvalidOverlap, InvalidSpan, Overlap};
pub use path_alias::Aliases;
#[cfg(feature = "time-zones")]
pub use period::PeriodBounds;
pub use permission::Permission;
pub use preset::{Preset, UnknownPreset};
pub use quota::{Period, QUOTAS_MAX, Quota, Quotas, TimeZoneName};
pub use rate_limit::{RATE_LIMITS_MAX, RateLimit, RateLimits, WINDOW_MAX_SECONDS};
pub use rate_state::{Rate, RateState, RateWait};
pub use raw_path::{InvalidPath, RawPath};
pub use refusal::{REFUSAL_LIFE_MS, Refusal, RefusalCode, UnknownRefusalCode};
pub use route::{InvalidRoute, Route};
pub use route_table::RouteTable;
pub use scope::{CATALOGUE, InvalidScope, Scope, ScopeSet};
pub use search::{ExactSearch, SEARCH_MAX, Search, SearchTooLong};
pub use search_texts::SearchTexts;
pub use second_factor::{
    PASSKEYS_MAX, PROOF_LIFE_MS, Passkey, RECOVERY_CODES, RequiredSecondFactor, SecondFactors, UnknownRequirement,
};
pub use secret::{
    BODY_LEN, CHECKSUM_LEN, Hint, InvalidPrefix, PlainSecret, SecretFormat, SecretParts, checksum_matches,
    presented_key,
};
pub use selection::{Activity, Deleted, DeletionImpact, Selection, Switched};
pub use settings::{KeySettings, SettingsPatch};
pub use sign_on::{SignInWays, SignOnProblem};
pub use sort::{Sort, SortColumn, UnknownSort};
#[cfg(feature = "time-zones")]
pub use time_zone::{TimeZone, UnknownTimeZone};
pub use token::{TOKEN_AUDIENCE, TokenClaims, TokenMaking, TokenOf, TokenWish};
pub use token_life::{InvalidTokenLife, InvalidTokenLifeText, TokenLife};
pub use token_limits::TokenLimits;
pub use token_resources::{InvalidResources, ResourceIds, TOKEN_RESOURCES_MAX, TokenResources};
pub use token_said::said_claims;
pub use token_text::{TOKEN_MAX, TOKEN_TYPE, may_be_token, token_in};
pub use trial::{
    InvalidTrialDays, Restriction, TRIAL_ABOUT_MAX, TRIAL_FINDINGS_MAX, Trial, TrialDays, TrialFinding, TrialFindingOf,
};
pub use trusted_proxies::{Scheme, TrustedProxies};
pub use usage::{
    AddressUsage, BreaksDetails, BusiestHour, CallCounts, ClientUsage, HeatMap, InvalidUsageRange, KeyActivity,
    ScopeUsage, SecretUsage, TopClients, USAGE_MINUTES_MS, UnknownGroup, UnknownStep, UsageFilter, UsageGroup,
    UsagePoint, UsageRange, UsageReport, UsageStep, WhatBreaks,
};
pub use usage_series::{SeriesOf, UsageGroups, UsageSeries};
pub use verify::{CallFacts, Code, KeyFacts, decide, decide_living};
pub use webhook::{
    Attempt, Delivery, DeliveryCursor, DeliveryPage, DeliveryState, InvalidDeliveryCursor, REDELIVERED_MAX,
    UnknownDeliveryState, WEBHOOK_URL_MAX, WEBHOOKS_MAX, Webhook, WebhookHealth, WebhookOrder, WebhookPatch,
    WebhookSignature,
};
