//! Go types as templates can see them: in `printf "%T"`, in error texts, and in the rules of assignment.

use std::fmt;

/// A Go type. Every type that can occur is known when the program is built, so a type is two words and copied freely.
///
/// The text of a type (`Display`) is that of Go's `reflect.Type.String`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `interface {}`: any value, also nil.
    Interface,
    /// `bool`.
    Bool,
    /// `int`.
    Int,
    /// `int32`.
    Int32,
    /// `int64`.
    Int64,
    /// `uint`.
    Uint,
    /// `uint8`.
    Uint8,
    /// `uint32`.
    Uint32,
    /// `uint64`.
    Uint64,
    /// `float64`.
    Float64,
    /// `complex128`.
    Complex128,
    /// `string`.
    String,
    /// A slice of an element type.
    Slice(&'static Type),
    /// A map with keys of type `string` and an element type.
    Map(&'static Type),
    /// A pointer to a type.
    Pointer(&'static Type),
    /// A function; only its text matters.
    Function(&'static str),
    /// A struct without a name.
    Struct(&'static str),
    /// A type with a name, such as `time.Duration` or `common.Values`.
    Named(&'static Named),
    /// `reflect.Value`: the parameter takes whatever the template has, without conversion. For built-in functions.
    Reflect,
}

/// A type with a name. Make it a constant: `const TIME: Type = Type::Named(&Named { … });`
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Named {
    /// The name with its package, as in `time.Duration`.
    pub name: &'static str,
    /// What the type is made of; [`Type::Struct`] for structs.
    pub underlying: Type,
}

/// The kinds of Go's `reflect` package that the language asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No value at all.
    Invalid,
    /// Interfaces.
    Interface,
    /// Booleans.
    Bool,
    /// Signed integers of all sizes.
    Int,
    /// Unsigned integers of all sizes.
    Uint,
    /// Floating-point numbers.
    Float,
    /// Complex numbers.
    Complex,
    /// Strings.
    String,
    /// Slices.
    Slice,
    /// Maps.
    Map,
    /// Pointers.
    Pointer,
    /// Functions.
    Function,
    /// Structs.
    Struct,
}

impl Type {
    /// `[]interface {}`.
    pub const LIST: Self = Self::Slice(&Self::Interface);
    /// `[]string`.
    pub const STRINGS: Self = Self::Slice(&Self::String);
    /// `[]uint8`, which is `[]byte`.
    pub const BYTES: Self = Self::Slice(&Self::Uint8);
    /// `map[string]interface {}`.
    pub const MAP: Self = Self::Map(&Self::Interface);
    /// `map[string]string`.
    pub const STRING_MAP: Self = Self::Map(&Self::String);

    /// What the type is made of: itself, unless it has a name.
    #[must_use]
    pub fn underlying(self) -> Self {
        match self {
            Self::Named(named) => named.underlying.underlying(),
            other => other,
        }
    }

    /// The kind of the type.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self.underlying() {
            Self::Interface => Kind::Interface,
            Self::Bool => Kind::Bool,
            Self::Int | Self::Int32 | Self::Int64 => Kind::Int,
            Self::Uint | Self::Uint8 | Self::Uint32 | Self::Uint64 => Kind::Uint,
            Self::Float64 => Kind::Float,
            Self::Complex128 => Kind::Complex,
            Self::String => Kind::String,
            Self::Slice(_) => Kind::Slice,
            Self::Map(_) => Kind::Map,
            Self::Pointer(_) => Kind::Pointer,
            Self::Function(_) => Kind::Function,
            Self::Struct(_) | Self::Reflect | Self::Named(_) => Kind::Struct,
        }
    }

    /// The name that `reflect.Kind.String` gives, as sprig's `kindOf` prints it: `float64`, `slice`, `map`, `ptr`, …
    #[must_use]
    pub fn kind_name(self) -> &'static str {
        match self.underlying() {
            Self::Interface => "interface",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Uint => "uint",
            Self::Uint8 => "uint8",
            Self::Uint32 => "uint32",
            Self::Uint64 => "uint64",
            Self::Float64 => "float64",
            Self::Complex128 => "complex128",
            Self::String => "string",
            Self::Slice(_) => "slice",
            Self::Map(_) => "map",
            Self::Pointer(_) => "ptr",
            Self::Function(_) => "func",
            Self::Struct(_) | Self::Reflect | Self::Named(_) => "struct",
        }
    }

    /// Whether a value of this type may be given where `target` is wanted, by Go's rules of assignability: the types are
    /// the same, or `target` is `interface {}`, or both are made of the same and one of them has no name.
    #[must_use]
    pub fn assignable_to(self, target: Self) -> bool {
        if self == target || target == Self::Interface {
            return true;
        }
        let has_name = |ty: Self| {
            !matches!(
                ty,
                Self::Slice(_)
                    | Self::Map(_)
                    | Self::Pointer(_)
                    | Self::Struct(_)
                    | Self::Function(_)
            )
        };
        (!has_name(self) || !has_name(target)) && self.underlying() == target.underlying()
    }

    /// Whether nil can stand for a value of the type.
    #[must_use]
    pub fn can_be_nil(self) -> bool {
        self == Self::Reflect
            || matches!(
                self.kind(),
                Kind::Interface | Kind::Map | Kind::Pointer | Kind::Slice | Kind::Function
            )
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interface => f.write_str("interface {}"),
            Self::Slice(element) => write!(f, "[]{element}"),
            Self::Map(element) => write!(f, "map[string]{element}"),
            Self::Pointer(target) => write!(f, "*{target}"),
            Self::Function(text) | Self::Struct(text) => f.write_str(text),
            Self::Named(named) => f.write_str(named.name),
            Self::Reflect => f.write_str("reflect.Value"),
            simple => f.write_str(simple.kind_name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: Type = Type::Named(&Named {
        name: "common.Values",
        underlying: Type::MAP,
    });

    #[test]
    fn texts_are_those_of_reflect() {
        for (ty, text) in [
            (Type::MAP, "map[string]interface {}"),
            (Type::Slice(&Type::STRING_MAP), "[]map[string]string"),
            (Type::BYTES, "[]uint8"),
            (VALUES, "common.Values"),
            (Type::Pointer(&VALUES), "*common.Values"),
        ] {
            assert_eq!(ty.to_string(), text);
        }
    }

    #[test]
    fn assignment_needs_the_same_type_or_one_without_a_name() {
        let values = VALUES;
        assert!(values.assignable_to(Type::MAP));
        assert!(Type::MAP.assignable_to(values));
        assert!(values.assignable_to(Type::Interface));
        assert!(!values.assignable_to(Type::STRING_MAP));
        assert!(!Type::Int.assignable_to(Type::Int64));
        assert!(!Type::STRINGS.assignable_to(Type::LIST));
    }
}
