//! `.Files`: the files of a chart that are no templates.

use std::any::Any;
use std::collections::BTreeMap;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tiphys_template::{
    Arguments, Call, FunctionError, List, Map, Named, Object, Signature, Text, Type, Underlying,
    Value,
};

use super::chart::ChartFile;
use super::glob::Glob;

static FILES: Named = Named {
    name: "engine.files",
    underlying: Type::Map(&Type::BYTES),
};
static FILES_TYPE: Type = Type::Named(&FILES);

/// The value of `.Files`.
#[derive(Clone)]
pub struct Files(Rc<BTreeMap<Text, Text>>);

impl Files {
    /// The files of a chart.
    #[must_use]
    pub fn new(files: &[ChartFile]) -> Self {
        Self(Rc::new(
            files
                .iter()
                .map(|file| (Text::from(&file.name), file.data.clone()))
                .collect(),
        ))
    }

    fn content(&self, name: &Text) -> Text {
        self.0.get(name).cloned().unwrap_or_default()
    }

    fn glob(&self, call: &mut Call<'_>, pattern: &Text) -> Result<Self, FunctionError> {
        let glob = Glob::parse(&pattern.to_string_lossy()).unwrap_or_else(Glob::everything);
        let mut found = BTreeMap::new();
        for (name, content) in self.0.iter() {
            call.spend((pattern.len() as u64 + 1) * (name.len() as u64 + 1) / 16)?;
            if glob.matches(&name.to_string_lossy()) {
                found.insert(name.clone(), content.clone());
            }
        }
        Ok(Self(Rc::new(found)))
    }

    /// A mapping from the last names to what `read` makes of the contents, as YAML.
    fn as_yaml(
        &self,
        call: &mut Call<'_>,
        read: impl Fn(&Text) -> Text,
    ) -> Result<Value, FunctionError> {
        let mut entries = BTreeMap::new();
        for (name, content) in self.0.iter() {
            call.reserve(content.len())?;
            entries.insert(base(name), Value::String(read(content)));
        }
        let map = Map::new(Type::STRING_MAP, entries);
        Ok(Value::from(
            super::functions::to_yaml(&Value::Map(map))?.unwrap_or_default(),
        ))
    }
}

/// The last name of a path, as Go's `path.Base`.
fn base(name: &Text) -> Text {
    let bytes = name.as_bytes();
    let start = bytes
        .iter()
        .rposition(|byte| *byte == b'/')
        .map_or(0, |at| at + 1);
    Text::from(&bytes[start..])
}

impl Object for Files {
    fn go_type(&self) -> Type {
        Type::Named(&FILES)
    }

    fn underlying(&self) -> Underlying {
        let entries = self
            .0
            .iter()
            .map(|(name, content)| (name.clone(), Value::Bytes(content.clone())))
            .collect();
        Underlying::Value(Value::Map(Map::new(Type::Map(&Type::BYTES), entries)))
    }

    fn method(&self, name: &str) -> Option<&'static Signature> {
        static GET: Signature = Signature::new(&[Type::String], Type::String);
        static GET_BYTES: Signature = Signature::new(&[Type::String], Type::BYTES);
        static GLOB: Signature = Signature::new(&[Type::String], FILES_TYPE);
        static TEXT: Signature = Signature::new(&[], Type::String);
        static LINES: Signature = Signature::new(&[Type::String], Type::STRINGS);
        Some(match name {
            "Get" => &GET,
            "GetBytes" => &GET_BYTES,
            "Glob" => &GLOB,
            "AsConfig" | "AsSecrets" => &TEXT,
            "Lines" => &LINES,
            _ => return None,
        })
    }

    fn call(
        &self,
        call: &mut Call<'_>,
        name: &str,
        arguments: Arguments<'_>,
    ) -> Result<Value, FunctionError> {
        match name {
            "Get" => Ok(Value::String(self.content(arguments.text(0)?))),
            "GetBytes" => Ok(Value::Bytes(self.content(arguments.text(0)?))),
            "Glob" => Ok(Value::object(self.glob(call, arguments.text(0)?)?)),
            "AsConfig" => self.as_yaml(call, Clone::clone),
            "AsSecrets" => self.as_yaml(call, |content| {
                Text::from(STANDARD.encode(content.as_bytes()))
            }),
            _ => lines(self.0.get(arguments.text(0)?)),
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn lines(content: Option<&Text>) -> Result<Value, FunctionError> {
    let Some(content) = content else {
        return Ok(Value::strings(Vec::<Text>::new()));
    };
    let bytes = content.as_bytes();
    // Helm's own loop looks at the last byte without asking whether there is one.
    if bytes.is_empty() {
        return Err(FunctionError::new("runtime error: index out of range [-1]"));
    }
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let lines = bytes
        .split(|byte| *byte == b'\n')
        .map(|line| Value::String(Text::from(line)))
        .collect();
    Ok(Value::List(List::new(Type::STRINGS, lines)))
}
