//! `semver` and `semverCompare`.

use std::any::Any;

use tiphys_template::{
    Arguments, Call, FunctionError, Functions, Named, Object, Signature, Text, Type, Underlying,
    Value,
};

use super::{Answer, BOOL, INT, STRING};
use crate::semver;

const STRUCT: Type = Type::Named(&Named {
    name: "semver.Version",
    underlying: Type::Struct(
        "struct { major uint64; minor uint64; patch uint64; pre string; metadata string; original string }",
    ),
});
const VERSION: Type = Type::Pointer(&STRUCT);

/// A `*semver.Version`, or a `semver.Version` when the flag is not set.
#[derive(Clone, Debug)]
pub struct Version(pub semver::Version, bool);

const NUMBER: Signature = Signature::new(&[], Type::Uint64);
const TEXT: Signature = Signature::new(&[], STRING);
const TEST: Signature = Signature::new(&[VERSION], BOOL);
const NEXT: Signature = Signature::new(&[], STRUCT);
static METHODS: [(&str, Signature); 17] = [
    ("Major", NUMBER),
    ("Minor", NUMBER),
    ("Patch", NUMBER),
    ("Prerelease", TEXT),
    ("Metadata", TEXT),
    ("Original", TEXT),
    ("String", TEXT),
    ("Compare", Signature::new(&[VERSION], INT)),
    ("Equal", TEST),
    ("LessThan", TEST),
    ("LessThanEqual", TEST),
    ("GreaterThan", TEST),
    ("GreaterThanEqual", TEST),
    ("IncMajor", NEXT),
    ("IncMinor", NEXT),
    ("IncPatch", NEXT),
    ("MarshalText", Signature::new(&[], Type::BYTES)),
];

impl Version {
    /// The next version of a kind.
    fn next(&self, name: &str) -> Value {
        let mut version = self.0.clone();
        let prefix = if version.original.starts_with('v') {
            "v"
        } else {
            ""
        };
        match name {
            "IncMajor" => {
                (version.major, version.minor, version.patch) =
                    (version.major.saturating_add(1), 0, 0)
            }
            "IncMinor" => (version.minor, version.patch) = (version.minor.saturating_add(1), 0),
            // A prerelease goes to its release.
            _ if version.prerelease.is_empty() => version.patch = version.patch.saturating_add(1),
            _ => {}
        }
        version.prerelease.clear();
        version.metadata.clear();
        version.original = format!("{prefix}{version}");
        Value::object(Self(version, false))
    }
}

impl Object for Version {
    fn go_type(&self) -> Type {
        if self.1 { VERSION } else { STRUCT }
    }

    fn underlying(&self) -> Underlying {
        let version = &self.0;
        Underlying::Struct(vec![
            ("major", Value::Uint64(version.major)),
            ("minor", Value::Uint64(version.minor)),
            ("patch", Value::Uint64(version.patch)),
            ("pre", version.prerelease.as_str().into()),
            ("metadata", version.metadata.as_str().into()),
            ("original", version.original.as_str().into()),
        ])
    }

    fn method(&self, name: &str) -> Option<&'static Signature> {
        METHODS
            .iter()
            .find(|(method, _)| *method == name)
            .map(|(_, signature)| signature)
    }

    fn call(&self, _: &mut Call<'_>, name: &str, a: Arguments<'_>) -> Answer {
        let version = &self.0;
        let order = || {
            a.value(0)
                .as_object::<Self>()
                .map(|other| version.precedence(&other.0))
                .ok_or_else(|| FunctionError::new(super::NIL_POINTER))
        };
        Ok(match name {
            "Major" => Value::Uint64(version.major),
            "Minor" => Value::Uint64(version.minor),
            "Patch" => Value::Uint64(version.patch),
            "Prerelease" => version.prerelease.as_str().into(),
            "Metadata" => version.metadata.as_str().into(),
            "Original" => version.original.as_str().into(),
            "String" => version.to_string().into(),
            "Compare" => Value::Int(order()? as i64),
            "Equal" => order()?.is_eq().into(),
            "LessThan" => order()?.is_lt().into(),
            "LessThanEqual" => order()?.is_le().into(),
            "GreaterThan" => order()?.is_gt().into(),
            "GreaterThanEqual" => order()?.is_ge().into(),
            "MarshalText" => Value::Bytes(version.to_string().into()),
            step => self.next(step),
        })
    }

    fn string(&self) -> Option<Text> {
        Some(self.0.to_string().into())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn parsed(text: &Text) -> Result<semver::Version, FunctionError> {
    semver::Version::parse(&text.to_string_lossy())
        .map_err(|error| FunctionError::new(error.to_string()))
}

pub fn define(functions: &mut Functions) {
    functions.define("semver", Signature::new(&[STRING], VERSION), |_, a| {
        Ok(Value::object(Version(parsed(a.text(0)?)?, true)))
    });
    functions.define(
        "semverCompare",
        Signature::new(&[STRING, STRING], BOOL),
        |_, a| {
            let constraint = semver::Constraint::parse(&a.text(0)?.to_string_lossy())
                .map_err(|error| FunctionError::new(error.to_string()))?;
            Ok(constraint.check(&parsed(a.text(1)?)?).into())
        },
    );
}
