//! A set of scopes is canonical, and allows what its members allow.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::{Scope, ScopeSet};

fuzz_target!(|text: &str| {
    let scopes: Vec<Scope> = text.split_whitespace().filter_map(|word| Scope::parse(word).ok()).collect();
    let set: ScopeSet = scopes.iter().cloned().collect();
    let backwards: ScopeSet = scopes.iter().rev().cloned().collect();
    assert_eq!(set, backwards);
    let json = serde_json::to_string(&set).expect("JSON");
    assert_eq!(serde_json::from_str::<ScopeSet>(&json).ok().as_ref(), Some(&set));
    for wanted in &scopes {
        assert!(set.allows(wanted));
    }
    let (left, right) = scopes.split_at(scopes.len() / 2);
    let left: ScopeSet = left.iter().cloned().collect();
    for wanted in right {
        assert_eq!(left.allows(wanted), left.iter().any(|held| held.allows(wanted)));
        assert_eq!(left.missing([wanted]).is_empty(), left.allows(wanted));
    }
    let _ = serde_json::from_str::<ScopeSet>(text);
});
