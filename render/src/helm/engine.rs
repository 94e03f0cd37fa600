//! Templates of a chart and its subcharts: parsed once, executed with the values of a rendering.

mod execution;

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tiphys_template::{
    Functions, Limits as TemplateLimits, Map, MissingKey, Named, Parsed, Session, Templates, Text,
    Type, Value, define_nested,
};

use execution::Execution;

use super::capabilities::{self, KubeVersion};
use super::chart::{ChartData, ChartFile};
use super::documents::Output;
use super::failure;
use super::files::Files;
use super::functions::{self, Environment, Lookup, NoLookup, Seeded, Used};
use super::metadata::Metadata;
use super::options::{Facts, Options};
use super::values;
use super::working::Node;
use crate::go_time::{Moment, Zone};
use crate::parallel::{self, Workers};
use crate::{Limits, RenderError};

/// Name of the set of templates, which errors show.
const SET: &str = "gotpl";
/// The end of the names of templates whose output is for people.
const NOTES: &str = "NOTES.txt";
/// Sets of templates that a chart keeps: one for each combination of subcharts that were on.
const KEPT: usize = 4;

static VALUES: Named = Named {
    name: "common.Values",
    underlying: Type::MAP,
};

/// Everything that one rendering is made from.
pub struct Scope<'a> {
    /// What the user chose.
    pub options: &'a Options,
    /// What the world says.
    pub facts: &'a Facts,
    /// The Kubernetes version that counts.
    pub kube_version: &'a KubeVersion,
    /// What it may cost.
    pub limits: &'a Limits,
}

/// Keeps what was parsed.
pub struct Engine {
    kept: Mutex<Vec<(Key, Arc<Prepared>)>>,
}

/// The charts that take part, by path; the address of a chart tells it from another one of the same path.
type Key = Vec<(String, usize)>;

/// The templates of one combination of charts.
struct Prepared {
    templates: Arc<Templates>,
    /// Paths of the charts, in the order of [`flatten`].
    charts: Vec<String>,
    /// In the order in which Helm executes them; partials are not among them.
    executed: Vec<Source>,
    /// Names of templates to paths in the tree.
    files: HashMap<Arc<str>, Arc<str>>,
}

struct Source {
    name: Arc<str>,
    file: Arc<str>,
    /// Which chart of the key it belongs to.
    chart: usize,
    /// Bytes of the template.
    weight: usize,
    is_notes: bool,
}

/// The name of a release that a template of `--name-template` gives.
///
/// # Errors
/// When the template cannot be parsed or fails, or a limit is reached.
pub fn release_name(
    template: &str,
    facts: &Facts,
    limits: &Limits,
) -> Result<(String, Used), RenderError> {
    const NAME: &str = "name-template";
    let _guard = tiphys_template::CycleGuard::new();
    let failed = |error: String| RenderError::Options(format!("nameTemplate: {error}"));
    let mut templates = Templates::new(SET, Arc::new(functions::functions()));
    templates
        .parse(NAME, template)
        .map_err(|error| failed(error.to_string()))?;
    let environment = Rc::new(environment(facts));
    let printed = Session::new(
        Arc::new(templates),
        template_limits(limits),
        Rc::clone(&environment) as Rc<dyn std::any::Any>,
    )
    .execute(NAME, &Value::Nil)
    .map_err(|error| failed(error.to_string()))?;
    let name = String::from_utf8(printed).map_err(|error| failed(error.to_string()))?;
    let used = *environment.used.borrow();
    Ok((name, used))
}

impl Engine {
    /// An engine that has parsed nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            kept: Mutex::new(Vec::new()),
        }
    }

    /// Executes all templates, and reads what they print. `NOTES.txt` is executed, because it can fail, and left out.
    ///
    /// Templates see what others before them have changed of the values. As long as none changes anything, the last ones are executed
    /// on other threads meanwhile: each on values of its own, which `values` gives, with the same result.
    ///
    /// # Errors
    /// When a template cannot be parsed or fails, or a limit is reached.
    pub fn render<R: Send>(
        &self,
        scope: &Scope<'_>,
        (root, own): (&Node, &Map),
        values: impl Fn() -> Result<(Node, Map), RenderError> + Sync,
        read: impl Fn(&Output) -> R + Sync,
    ) -> Result<(Vec<(Output, R)>, Used), RenderError> {
        let mut charts = Vec::new();
        flatten(root, root.name.clone(), &mut charts);
        let prepared = self.prepared(&charts, scope.limits.workers)?;
        let sources = &prepared.executed;
        let bytes = sources.iter().map(|source| source.weight).sum();
        let workers = scope.limits.workers.for_bytes(bytes);
        let mut execution = Execution::new(scope, &prepared, (root, own), workers.are_several());
        let ends = parallel::Ends::new(sources.len());
        let others = || {
            let _guard = tiphys_template::CycleGuard::new();
            let (root, own) = values()?;
            let mut execution = Execution::new(scope, &prepared, (&root, &own), true);
            let mut done = Vec::new();
            loop {
                let taken = ends.last();
                if taken.is_empty() {
                    return Ok::<_, RenderError>((done, execution.cost()));
                }
                let from = taken.start;
                let mut made = Vec::with_capacity(taken.len());
                for source in &sources[taken] {
                    execution.run(source, &read, &mut made)?;
                }
                done.push((from, made));
            }
        };
        let mine = || {
            let mut made = Vec::with_capacity(sources.len());
            let mut count = 0;
            while let Some(at) = ends.first() {
                count = at + 1;
                let outcome = execution.run(&sources[at], &read, &mut made);
                if outcome.is_err() || execution.has_changed() {
                    // Whoever began on values that are others by now need not go on.
                    ends.close();
                }
                outcome?;
            }
            Ok::<_, RenderError>((count, made))
        };
        let (mine, others) = parallel::beside(workers, mine, others);
        let (count, mut done) = mine?;
        let mut cost = execution.cost();
        let mut more = Vec::new();
        // After a change, what is left has to be executed here, also when no other thread was to be had.
        let is_same = !execution.has_changed()
            && others.into_iter().all(|other| {
                other.is_ok_and(|(made, other)| {
                    more.extend(made);
                    cost.is_as_if_alone(&other, &execution.limits)
                })
            });
        if is_same {
            more.sort_unstable_by_key(|(from, _)| *from);
            done.extend(more.into_iter().flat_map(|(_, made)| made));
            return Ok((done, cost.used));
        }
        for source in &sources[count..] {
            execution.run(source, &read, &mut done)?;
        }
        Ok((done, execution.cost().used))
    }

    fn prepared(
        &self,
        charts: &[(String, &Node)],
        workers: Workers,
    ) -> Result<Arc<Prepared>, RenderError> {
        let key: Key = charts
            .iter()
            .map(|(path, node)| (path.clone(), Arc::as_ptr(&node.data) as usize))
            .collect();
        let kept = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, prepared)) = kept().iter().find(|(other, _)| *other == key) {
            return Ok(Arc::clone(prepared));
        }
        let prepared = Arc::new(prepare(charts, workers)?);
        let mut kept = kept();
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((key, Arc::clone(&prepared)));
        Ok(prepared)
    }
}

/// The charts with their paths in the order in which their data is made: subcharts before the chart.
fn flatten<'a>(node: &'a Node, path: String, found: &mut Vec<(String, &'a Node)>) {
    for child in &node.children {
        flatten(child, format!("{path}/charts/{}", child.name), found);
    }
    found.push((path, node));
}

fn prepare(charts: &[(String, &Node)], workers: Workers) -> Result<Prepared, RenderError> {
    // By name, so that where two charts have the same path, the later one counts, as in Helm.
    let mut all: BTreeMap<String, (usize, &ChartFile)> = BTreeMap::new();
    for (index, (path, node)) in charts.iter().enumerate() {
        let is_library = node.data.metadata.is_library();
        for file in &node.data.templates {
            if !is_library || is_partial(&file.name) {
                all.insert(name_of(path, &file.name), (index, file));
            }
        }
    }
    // Deep files first, so that what is defined higher up wins.
    let depth = |name: &str| name.bytes().filter(|byte| *byte == b'/').count();
    let mut names: Vec<&String> = all.keys().collect();
    names.sort_by(|one, other| depth(other).cmp(&depth(one)).then_with(|| other.cmp(one)));
    let mut templates =
        Templates::new(SET, Arc::clone(functions())).with_missing_key(MissingKey::Zero);
    let mut executed = Vec::new();
    let mut files = HashMap::new();
    let unparsed = all
        .iter()
        .filter(|(name, (_, file))| parsed_as(file, name).is_none());
    let bytes = unparsed.map(|(_, (_, file))| file.data.len()).sum();
    let parsed = parallel::map(workers.for_bytes(bytes), &names, |name| {
        let (_, file) = all[*name];
        match parsed_as(file, name) {
            Some(parsed) => Ok(parsed.clone()),
            None => templates.read(name, &file.data),
        }
    });
    for (name, parsed) in names.into_iter().zip(parsed) {
        let (chart, file) = all[name];
        let source: Arc<str> = Arc::from(name.as_str());
        files.insert(Arc::clone(&source), Arc::clone(&file.origin));
        let parsed = parsed.map_err(|error| failure::parsing(&error, file, functions()))?;
        templates.add(&parsed);
        if !is_partial(name) {
            executed.push(Source {
                is_notes: name.ends_with(NOTES),
                name: source,
                file: Arc::clone(&file.origin),
                chart,
                weight: file.data.len(),
            });
        }
    }
    Ok(Prepared {
        templates: Arc::new(templates),
        charts: charts.iter().map(|(path, _)| path.clone()).collect(),
        executed,
        files,
    })
}

/// Parses a template of a chart that nothing is above, before it is needed; none when it is wrong, which is told when it is needed.
pub fn parse(chart: &str, file: &str, text: &Text) -> Option<Parsed> {
    let templates = Templates::new(SET, Arc::clone(functions()));
    templates.read(&name_of(chart, file), text).ok()
}

/// The template of a file when it was parsed under the name that it has here: as a subchart, or under an alias, it has another.
fn parsed_as<'f>(file: &'f ChartFile, name: &str) -> Option<&'f Parsed> {
    file.parsed.as_ref().filter(|parsed| parsed.name() == name)
}

/// The name of a template, which errors show.
fn name_of(chart: &str, file: &str) -> String {
    clean([chart, "/", file].concat())
}

fn is_partial(name: &str) -> bool {
    name.rsplit('/').next().unwrap_or(name).starts_with('_')
}

/// Go's `path.Join` takes out doubled slashes and dots.
fn clean(path: String) -> String {
    let is_name = |name: &&str| !matches!(*name, "" | ".");
    if path.split('/').all(|name| is_name(&name)) {
        return path;
    }
    let names: Vec<&str> = path.split('/').filter(is_name).collect();
    names.join("/")
}

/// The functions of all charts, declared once.
fn functions() -> &'static Arc<Functions> {
    static FUNCTIONS: OnceLock<Arc<Functions>> = OnceLock::new();
    FUNCTIONS.get_or_init(|| {
        let mut functions = functions::functions();
        define_nested(&mut functions);
        Arc::new(functions)
    })
}

fn template_limits(limits: &Limits) -> TemplateLimits {
    TemplateLimits {
        steps: limits.steps,
        bytes: limits.output_bytes.saturating_mul(4),
        value_bytes: usize::try_from(limits.output_bytes).unwrap_or(usize::MAX),
        ..TemplateLimits::default()
    }
}

fn environment(facts: &Facts) -> Environment {
    let (seconds, nanoseconds) = facts.now;
    let mut environment = Environment::new(
        Moment::from_unix(seconds, nanoseconds, Zone::utc()),
        Seeded::new(facts.seed),
    );
    environment.lookup = match &facts.lookup {
        Some(lookup) => Box::new(SharedLookup(Arc::clone(lookup))),
        None => Box::new(NoLookup),
    };
    environment
}

struct SharedLookup(Arc<dyn Lookup + Send + Sync>);

impl Lookup for SharedLookup {
    fn lookup(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<serde_json::Value, String> {
        self.0.lookup(api_version, kind, namespace, name)
    }
}

fn template_value(name: &str, chart: &str) -> Value {
    Value::Map(Map::new(
        Type::Named(&VALUES),
        [
            (Text::from("Name"), Value::from(name)),
            (
                Text::from("BasePath"),
                Value::from(format!("{chart}/templates")),
            ),
        ]
        .into(),
    ))
}

/// What all charts of a rendering see.
struct Shared {
    release: Value,
    capabilities: Value,
}

impl Shared {
    fn new(scope: &Scope<'_>) -> Self {
        let Scope { options, facts, .. } = scope;
        let api_versions = if options.api_versions.is_empty() {
            &facts.api_versions
        } else {
            &options.api_versions
        };
        Self {
            release: Value::map([
                ("Name", Value::from(options.release_name.as_str())),
                ("Namespace", Value::from(options.namespace.as_str())),
                ("IsUpgrade", Value::Bool(options.is_upgrade)),
                ("IsInstall", Value::Bool(!options.is_upgrade)),
                ("Revision", Value::Int(1)),
                ("Service", Value::from("Helm")),
            ]),
            capabilities: capabilities::value(scope.kube_version, api_versions),
        }
    }

    /// The data of a chart and, before it, of its subcharts, in the order of [`flatten`].
    fn data(&self, node: &Node, values: Option<&Map>, found: &mut Vec<Map>) -> Map {
        let subcharts = values::empty();
        let own = match values {
            Some(values) if node.is_root => {
                Map::new(Type::Named(&VALUES), values.entries().clone())
            }
            Some(values) => values.clone(),
            None => Map::new(Type::Named(&VALUES), BTreeMap::new()),
        };
        let data = Map::new(
            Type::Named(&VALUES),
            [
                (Text::from("Chart"), chart_value(&node.data, node)),
                (
                    Text::from("Files"),
                    Value::object(Files::new(&node.data.files)),
                ),
                (Text::from("Release"), self.release.clone()),
                (Text::from("Capabilities"), self.capabilities.clone()),
                (Text::from("Values"), Value::Map(own.clone())),
                (Text::from("Subcharts"), Value::Map(subcharts.clone())),
            ]
            .into(),
        );
        for child in &node.children {
            let values = values::table(&own, &child.name);
            let inner = self.data(child, values.as_ref(), found);
            subcharts.insert(child.name.as_str(), Value::Map(inner));
        }
        found.push(data.clone());
        data
    }
}

/// The value of `.Chart`: the fields of `Chart.yaml` under their Go names.
fn chart_value(data: &ChartData, node: &Node) -> Value {
    let Metadata {
        home,
        sources,
        version,
        description,
        keywords,
        maintainers,
        icon,
        api_version,
        condition,
        tags,
        app_version,
        deprecated,
        annotations,
        kube_version,
        kind,
        ..
    } = &data.metadata;
    let text = |text: &str| Value::from(text);
    let texts = |texts: &[String]| Value::list(texts.iter().map(|item| text(item)).collect());
    let maintainers = maintainers
        .iter()
        .map(|person| {
            Value::map([
                ("Name", text(&person.name)),
                ("Email", text(&person.email)),
                ("URL", text(&person.url)),
            ])
        })
        .collect();
    let annotations = match annotations {
        None => Map::nil(Type::STRING_MAP),
        Some(entries) => Map::new(
            Type::STRING_MAP,
            entries
                .iter()
                .map(|(key, value)| (Text::from(key), text(value.as_str().unwrap_or_default())))
                .collect(),
        ),
    };
    let dependencies = node
        .dependencies
        .iter()
        .flatten()
        .map(|dependency| {
            Value::map([
                ("Name", text(&dependency.name)),
                ("Version", text(&dependency.version)),
                ("Repository", text(&dependency.repository)),
                ("Condition", text(&dependency.condition)),
                ("Tags", texts(&dependency.tags)),
                ("Enabled", Value::Bool(dependency.enabled)),
                (
                    "ImportValues",
                    Value::list(dependency.import_values.iter().map(import).collect()),
                ),
                ("Alias", text(&dependency.alias)),
            ])
        })
        .collect();
    Value::map([
        ("Name", text(&node.name)),
        ("Home", text(home)),
        ("Sources", texts(sources)),
        ("Version", text(version)),
        ("Description", text(description)),
        ("Keywords", texts(keywords)),
        ("Maintainers", Value::list(maintainers)),
        ("Icon", text(icon)),
        ("APIVersion", text(api_version)),
        ("Condition", text(condition)),
        ("Tags", text(tags)),
        ("AppVersion", text(app_version)),
        ("Deprecated", Value::Bool(*deprecated)),
        ("Annotations", Value::Map(annotations)),
        ("KubeVersion", text(kube_version)),
        ("Dependencies", Value::list(dependencies)),
        ("Type", text(kind)),
        ("IsRoot", Value::Bool(node.is_root)),
    ])
}

/// An entry of `import-values`, which is a mapping of texts once it was worked off.
fn import(entry: &serde_json::Value) -> Value {
    let text = |key: &str| {
        let text = entry.get(key).and_then(serde_json::Value::as_str);
        (Text::from(key), Value::from(text.unwrap_or_default()))
    };
    Value::Map(Map::new(
        Type::STRING_MAP,
        [text("child"), text("parent")].into(),
    ))
}
