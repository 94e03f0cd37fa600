//! What is known of a place in an object: its schema, or what its name tells where there is no schema, and the rules of its kind.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;

use crate::object::Gvk;
use crate::schema::{ListKind, MapKey, Scalar, Schemas, Type};

/// Kinds with rules of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Other,
    Secret,
    ConfigMap,
    /// Its certificates may be put in by others.
    CaBundle,
    Autoscaler,
    Endpoints,
}

/// How a text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    /// As it is.
    Exact,
    /// As a Kubernetes quantity.
    Quantity,
    /// As base64, in which white space has no meaning.
    Base64,
    /// As the base64 of certificates: what says nothing is a place for others to fill.
    CaBundle,
    /// As a Go duration.
    Duration,
    /// As JSON whose lists have no order.
    Json,
}

/// The types of fields of custom resources, as a tree of field names.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Known {
    pub here: Option<KnownType>,
    pub children: HashMap<Box<str>, Known>,
}

/// The type of a field of a custom resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KnownType {
    Quantity,
    Duration,
    /// A type of Kubernetes by its name in the API server's documents.
    Named(Box<str>),
}

/// What is known of a place.
#[derive(Clone, Copy)]
pub(crate) struct Shape<'a> {
    schemas: Option<&'a Schemas>,
    ty: Option<Type<'a>>,
    known: Option<&'a Known>,
    class: Class,
    text: Text,
    /// Lists here have no order although they have no keys.
    unordered: bool,
    /// Labels and annotations of the object itself.
    entries: bool,
    depth: u32,
}

/// Names of fields that hold quantities, or maps of quantities, where no schema tells.
const QUANTITIES: [&str; 16] = [
    "limits",
    "requests",
    "capacity",
    "allocatable",
    "hard",
    "used",
    "max",
    "min",
    "defaultRequest",
    "maxLimitRequestRatio",
    "sizeLimit",
    "divisor",
    "averageValue",
    "targetAverageValue",
    "minAllowed",
    "maxAllowed",
];

/// Keys that identify the elements of a list of objects where no schema tells, most telling first. They are the merge keys of
/// Kubernetes' own types.
static ELEMENT_KEYS: LazyLock<Vec<Vec<MapKey>>> = LazyLock::new(|| {
    let guesses: [&[&str]; 9] = [
        &["name"],
        &["containerPort", "protocol"],
        &["port", "protocol"],
        &["mountPath"],
        &["devicePath"],
        &["topologyKey", "whenUnsatisfiable"],
        &["ip"],
        &["uid"],
        &["type"],
    ];
    let key = |name: &&str| MapKey {
        name: (*name).into(),
        default: (*name == "protocol").then(|| Value::from("TCP")),
    };
    guesses
        .into_iter()
        .map(|names| names.iter().map(key).collect())
        .collect()
});

/// How the elements of a list are told apart.
pub(crate) enum Elements<'a> {
    ByKeys(&'a [MapKey]),
    Set,
    Unordered,
    InOrder,
}

impl<'a> Shape<'a> {
    /// The shape of an object.
    pub(crate) fn of(gvk: &Gvk, schemas: Option<&'a Schemas>, known: Option<&'a Known>) -> Self {
        let class = match (gvk.group.as_str(), gvk.kind.as_str()) {
            ("", "Secret") => Class::Secret,
            ("", "ConfigMap") => Class::ConfigMap,
            ("", "Endpoints") => Class::Endpoints,
            ("autoscaling", "HorizontalPodAutoscaler") => Class::Autoscaler,
            (
                "admissionregistration.k8s.io",
                "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration",
            )
            | ("apiregistration.k8s.io", "APIService")
            | ("apiextensions.k8s.io", "CustomResourceDefinition") => Class::CaBundle,
            _ => Class::Other,
        };
        Self {
            schemas,
            ty: schemas.and_then(|schemas| schemas.kind(gvk)),
            known,
            class,
            text: Text::Exact,
            unordered: false,
            entries: false,
            depth: 0,
        }
    }

    /// The shape of a field.
    pub(crate) fn field(&self, name: &str) -> Self {
        let known = self.known.and_then(|known| known.children.get(name));
        let mut next = Self {
            ty: self.ty.and_then(|ty| ty.field(name)),
            known,
            unordered: false,
            entries: self.depth == 1 && matches!(name, "labels" | "annotations"),
            depth: self.depth + 1,
            ..*self
        };
        next.read_known();
        next.text = match next.ty.and_then(|ty| ty.scalar()) {
            Some(Scalar::Quantity) => Text::Quantity,
            Some(Scalar::Duration) => Text::Duration,
            Some(Scalar::Bytes) => Text::Base64,
            Some(Scalar::Plain | Scalar::IntOrString) => Text::Exact,
            None if next.ty.is_some() => Text::Exact,
            None => self.guess(name),
        };
        if let Some(here) = known.and_then(|known| known.here.as_ref()) {
            match here {
                KnownType::Quantity => next.text = Text::Quantity,
                KnownType::Duration => next.text = Text::Duration,
                KnownType::Named(_) => {}
            }
        }
        match self.class {
            Class::Secret if self.depth == 1 && self.text == Text::Base64 => {
                next.text = Text::Base64;
            }
            Class::Secret if self.depth == 0 && name == "data" => next.text = Text::Base64,
            Class::ConfigMap => next.text = self.of_config_map(name),
            Class::CaBundle if name == "caBundle" => next.text = Text::CaBundle,
            Class::Autoscaler if self.depth == 1 && name == "metrics" => next.unordered = true,
            Class::Autoscaler if name.starts_with("autoscaling.alpha.kubernetes.io/") => {
                next.text = Text::Json;
            }
            Class::Endpoints
                if matches!(
                    name,
                    "subsets" | "addresses" | "notReadyAddresses" | "ports"
                ) =>
            {
                next.unordered = true;
            }
            _ => {}
        }
        next
    }

    fn of_config_map(&self, name: &str) -> Text {
        let binary = self.depth == 0 && name == "binaryData";
        if binary || (self.depth == 1 && self.text == Text::Base64) {
            Text::Base64
        } else {
            Text::Exact
        }
    }

    /// How a text is read where no schema tells.
    fn guess(&self, name: &str) -> Text {
        let own = matches!(self.class, Class::Other | Class::Autoscaler);
        if own && (self.text == Text::Quantity || QUANTITIES.contains(&name)) {
            Text::Quantity
        } else {
            Text::Exact
        }
    }

    fn read_known(&mut self) {
        if let Some(Known {
            here: Some(KnownType::Named(name)),
            ..
        }) = self.known
        {
            let named = self.schemas.and_then(|schemas| schemas.named(name));
            self.ty = named.or(self.ty);
        }
    }

    /// The shape of an element of a list. The known types of a list are those of its elements.
    pub(crate) fn element(&self) -> Self {
        let mut next = Self {
            ty: self.ty.and_then(|ty| ty.element()),
            unordered: false,
            entries: false,
            depth: self.depth + 1,
            ..*self
        };
        next.read_known();
        if let Some(scalar) = next.ty.and_then(|ty| ty.scalar()) {
            next.text = match scalar {
                Scalar::Quantity => Text::Quantity,
                Scalar::Bytes => Text::Base64,
                Scalar::Duration => Text::Duration,
                Scalar::Plain | Scalar::IntOrString => Text::Exact,
            };
        }
        next
    }

    /// How a text is read here.
    pub(crate) fn text(&self) -> Text {
        self.text
    }

    /// What the server fills in here.
    pub(crate) fn default(&self) -> Option<&'a Value> {
        self.ty.and_then(|ty| ty.default())
    }

    /// Whether this map is one value.
    pub(crate) fn is_atomic(&self) -> bool {
        self.ty.is_some_and(|ty| ty.is_atomic())
    }

    /// Whether this map has keys of the user's choice, so that the server adds none.
    pub(crate) fn is_free_map(&self) -> bool {
        self.ty.is_some_and(|ty| ty.is_free_map())
    }

    /// Whether this list is one value, as its schema says.
    pub(crate) fn is_atomic_list(&self) -> bool {
        self.ty.and_then(|ty| ty.list()) == Some(&ListKind::Atomic)
    }

    /// How the elements of this list are told apart, in both of its states.
    pub(crate) fn elements(&self, wanted: &[Value], live: &[Value]) -> Elements<'a> {
        if self.unordered {
            return Elements::Unordered;
        }
        match self.ty.and_then(|ty| ty.list()) {
            Some(ListKind::Atomic) => Elements::InOrder,
            Some(ListKind::Set) => Elements::Set,
            Some(ListKind::Map(keys)) => Elements::ByKeys(keys),
            None => match guess_keys(wanted).filter(|keys| guess_keys(live) == Some(*keys)) {
                Some(keys) => Elements::ByKeys(keys),
                None => Elements::InOrder,
            },
        }
    }

    /// Whether this map holds entries of the user's, in which an empty one is one too.
    pub(crate) fn holds_entries(&self) -> bool {
        self.is_free_map()
            || self.entries
            || (matches!(self.class, Class::Secret | Class::ConfigMap) && self.depth == 1)
    }

    /// Keys of this list by names, with the defaults that the schema gives them.
    pub(crate) fn keys_named<'n>(&self, names: impl Iterator<Item = &'n String>) -> Vec<MapKey> {
        let stated = match self.ty.and_then(|ty| ty.list()) {
            Some(ListKind::Map(keys)) => Some(keys),
            _ => None,
        };
        names
            .map(|name| MapKey {
                name: name.as_str().into(),
                default: match stated {
                    Some(keys) => keys
                        .iter()
                        .find(|key| *key.name == **name)
                        .and_then(|key| key.default.clone()),
                    None => (name == "protocol").then(|| Value::from("TCP")),
                },
            })
            .collect()
    }
}

/// The keys by which every element of the list can be told from every other.
fn guess_keys(list: &[Value]) -> Option<&'static [MapKey]> {
    ELEMENT_KEYS.iter().map(Vec::as_slice).find(|keys| {
        !list.is_empty()
            && list.iter().all(|element| {
                keys.first().is_some_and(|first| {
                    element
                        .get(&*first.name)
                        .is_some_and(|value| !value.is_null() && !value.is_object())
                })
            })
            && super::index::all_differ(list, keys)
    })
}
