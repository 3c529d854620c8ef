use model::{ClaimKind, ClaimName, InstallationId, Instant, KeyError, KeySettings};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is done with one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepAction {
    /// It is made.
    Add,
    /// It is changed.
    Change,
    /// It was made by hand, or for another entry of the file, and the file holds it from now on; or it holds more or fewer of its
    /// settings.
    Claim,
    /// It is removed: the file no longer says it.
    Remove,
    /// The file holds it no longer, and it stays as it is.
    Release,
}

/// A field that is another one afterwards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Its name in the API.
    pub field: String,
    /// Before; null: nothing, or it is nobody's business.
    pub from: Value,
    /// Afterwards; null: nothing, or it is nobody's business.
    pub to: Value,
    /// Neither is told: a note, or somebody's address.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
}

impl FieldChange {
    pub(super) fn of(field: impl Into<String>, from: Value, to: Value) -> Self {
        let field = field.into();
        if KeySettings::PERSONAL.contains(&field.as_str()) {
            return Self::private(field);
        }
        Self { field, from, to, private: false }
    }

    /// One of which neither value is told.
    pub(super) fn private(field: impl Into<String>) -> Self {
        Self { field: field.into(), from: Value::Null, to: Value::Null, private: true }
    }
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// What is done.
    pub action: StepAction,
    /// With what.
    pub kind: ClaimKind,
    /// By which name the file knows it.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Its id; null: it has none, or is not made yet.
    pub id: Option<String>,
    /// The version that is changed; null: it has none.
    pub version: Option<i64>,
    /// Each field that is another one afterwards.
    pub changes: Vec<FieldChange>,
    /// Somebody changed it by hand since the file was applied last.
    pub drifted: bool,
    /// What stops working, a sentence each.
    pub stops: Vec<String>,
    /// Allowed calls in the last 30 days with what is removed or narrowed; null: they were not looked at.
    pub calls_30_days: Option<u64>,
    /// The last of them.
    pub last_used_at: Option<Instant>,
    /// Where the new secret goes; null: there is none, or it goes nowhere.
    pub secret: Option<String>,
}

impl Step {
    pub(super) fn new(action: StepAction, kind: ClaimKind, name: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            action,
            kind,
            name: name.into(),
            title: title.into(),
            id: None,
            version: None,
            changes: Vec::new(),
            drifted: false,
            stops: Vec::new(),
            calls_30_days: None,
            last_used_at: None,
            secret: None,
        }
    }

    /// Whether the other does the same to the same. What stops working is told, and may have grown since.
    fn is_same(&self, other: &Self) -> bool {
        let of = |step: &Self| Self {
            drifted: false,
            stops: Vec::new(),
            calls_30_days: None,
            last_used_at: None,
            title: String::new(),
            ..step.clone()
        };
        of(self) == of(other)
    }
}

/// Something that the file says and that stays otherwise, until somebody decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftAlone {
    /// What it is.
    pub kind: ClaimKind,
    /// By which name the file knows it.
    pub name: String,
    /// Why, and what to do.
    pub reason: String,
}

/// What applying a file would do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The name of the file.
    pub file: ClaimName,
    /// The installation, by its name.
    pub installation: String,
    /// The same by its id.
    pub installation_id: InstallationId,
    /// The epoch of the deployment as of which the plan was made.
    pub epoch: i64,
    /// What is done, in this order.
    pub steps: Vec<Step>,
    /// What stays otherwise than the file says.
    pub left_alone: Vec<LeftAlone>,
}

impl Plan {
    /// Whether nothing is to be done, and nothing is otherwise than the file says.
    pub fn is_settled(&self) -> bool {
        self.steps.is_empty() && self.left_alone.is_empty()
    }

    /// How many steps do this.
    pub fn count(&self, action: StepAction) -> usize {
        self.steps.iter().filter(|step| step.action == action).count()
    }

    /// The first step of this plan or of `other` that is not in both: something has changed in between.
    pub fn difference<'a>(&'a self, other: &'a Self) -> Option<&'a Step> {
        if self.installation_id != other.installation_id || self.file != other.file {
            return self.steps.first().or(other.steps.first());
        }
        let differs = self.steps.iter().zip(&other.steps).find(|(own, other)| !own.is_same(other)).map(|(own, _)| own);
        let shorter = self.steps.len().min(other.steps.len());
        differs.or_else(|| self.steps.get(shorter)).or_else(|| other.steps.get(shorter))
    }
}

/// Why a file can't be planned or applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// An entry of the file is refused.
    #[error("{at}: {reason}")]
    Entry {
        /// Where it stands, for example `keys.acme-crm`.
        at: String,
        /// Why, as a sentence.
        reason: String,
    },
    /// Somebody changed what the plan touches.
    #[error("Something that the plan touches has been changed since it was made, so nothing was changed. Plan again.")]
    Moved,
    /// The database did not answer whether the change is committed, and does not answer now.
    #[error(
        "The database did not say whether the file was applied: plan again when it answers. New secrets were handed over, and work if it was."
    )]
    Unknown,
    /// A verb was refused.
    #[error(transparent)]
    Key(#[from] KeyError),
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plan(steps: Vec<Step>) -> Plan {
        Plan {
            file: "crm".parse().unwrap(),
            installation: "default".to_owned(),
            installation_id: InstallationId(uuid::Uuid::nil()),
            epoch: 1,
            steps,
            left_alone: Vec::new(),
        }
    }

    fn step(name: &str) -> Step {
        let change = FieldChange::of("scopes", json!([]), json!(["calls:read"]));
        Step {
            id: Some("1".to_owned()),
            version: Some(3),
            changes: vec![change],
            ..Step::new(StepAction::Change, ClaimKind::Key, name, "Acme")
        }
    }

    #[test]
    fn plans_that_do_the_same_are_told_from_others() {
        let before = plan(vec![step("a"), step("b")]);
        let later = Step { stops: vec!["3 calls".to_owned()], calls_30_days: Some(3), drifted: true, ..step("a") };
        assert_eq!(before.difference(&plan(vec![later, step("b")])), None);
        for (other, name) in [
            (plan(vec![step("a")]), "b"),
            (plan(vec![step("a"), step("b"), step("c")]), "c"),
            (plan(vec![Step { version: Some(4), ..step("a") }, step("b")]), "a"),
            (plan(vec![Step { changes: Vec::new(), ..step("a") }, step("b")]), "a"),
        ] {
            assert_eq!(before.difference(&other).map(|step| step.name.as_str()), Some(name));
        }
    }

    #[test]
    fn a_plan_reads_back_and_tells_no_notes() {
        let private = FieldChange::of("notes", json!("secret plan"), json!(null));
        assert!(private.private && private.from.is_null());
        let mut one = step("a");
        one.changes.push(private);
        let plan = plan(vec![one]);
        let text = serde_json::to_string(&plan).unwrap();
        assert!(!text.contains("secret plan"), "{text}");
        assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
    }
}
