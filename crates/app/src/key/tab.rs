use model::KeyId;

/// The pages of one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tab {
    #[default]
    Settings,
    Activity,
}

impl Tab {
    pub(super) const ALL: [Self; 2] = [Self::Settings, Self::Activity];

    pub(super) fn address(self, key: KeyId) -> String {
        match self {
            Self::Settings => format!("/keys/{key}"),
            Self::Activity => format!("/keys/{key}/activity"),
        }
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Settings => "Settings",
            Self::Activity => "Activity",
        }
    }

    /// The elements that are the tab and what it shows, by their ids.
    pub(super) const fn ids(self) -> (&'static str, &'static str) {
        match self {
            Self::Settings => ("tab-settings", "panel-settings"),
            Self::Activity => ("tab-activity", "panel-activity"),
        }
    }
}
