/// What to think of before a key gets a scope with which it acts for others, makes keys, or changes whole tables. The same is said of
/// all of its kind, which has it.
pub(super) fn warning(scope: &str) -> Option<&'static str> {
    Some(match scope {
        "users:impersonate" | "users:*" => {
            "Acts in the name of any agent, unless “In the contact centre” below names for whom. Give it to one system alone, and bind it \
             to addresses."
        }
        "keys:*" => {
            "Makes, changes and deletes API keys, and reads their secrets. Whoever has it has all that those keys may do. Bind it to \
             addresses."
        }
        "keys:write" => "Makes, changes and deletes API keys, as far as its own scopes go. Bind it to addresses.",
        "keys:reveal" => "Reads the secrets of other keys, as far as its own scopes go. Bind it to addresses.",
        "data:write" | "data:*" => "Changes whole tables of the contact centre at once, and nothing takes that back.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use model::{CATALOGUE, Preset};

    use super::*;

    #[test]
    fn what_is_warned_of_exists_and_no_integration_brings_it() {
        let warned: Vec<_> =
            CATALOGUE.iter().map(|(scope, _)| *scope).filter(|scope| warning(scope).is_some()).collect();
        assert_eq!(warned, ["users:impersonate", "data:write", "keys:write", "keys:reveal"]);
        for (scope, _) in CATALOGUE.iter().filter(|(scope, _)| warning(scope).is_some()) {
            let all = format!("{}:*", scope.split(':').next().unwrap());
            assert!(warning(&all).is_some(), "{all}");
        }
        for preset in Preset::ALL {
            assert!(preset.scopes().iter().all(|scope| warning(scope.as_str()).is_none()), "{preset:?}");
        }
    }
}
