//! What a reader wants to know of a value.

/// What has to be kept of a value while it is read. The whole of a text is checked in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outline {
    /// All of it.
    #[default]
    Whole,
    /// Whether it is a list, a mapping or a scalar: lists and mappings are empty, scalars are null or, in a mapping, not there.
    Shape,
    /// Of a mapping these entries, each as its outline says; of a list its shape; all of a scalar.
    Fields(&'static [(&'static str, Self)]),
}

impl Outline {
    /// What has to be kept of the value of a key, if anything.
    pub(super) fn field(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Whole => Some(self),
            Self::Shape => None,
            Self::Fields(fields) => {
                let mut fields = fields.iter();
                fields
                    .find(|(name, _)| *name == key)
                    .map(|(_, field)| field)
            }
        }
    }

    /// What has to be kept of the items of a list, if anything.
    pub(super) fn item(&self) -> Option<&Self> {
        matches!(self, Self::Whole).then_some(self)
    }

    /// Whether a scalar is kept.
    pub(super) fn has_scalars(&self) -> bool {
        !matches!(self, Self::Shape)
    }
}
