//! Templates executed one after another, and what shows whether others may be executed beside them.

use std::rc::Rc;
use std::sync::Arc;

use memchr::memmem;
use tiphys_template::{Limits as TemplateLimits, Map, Session, Value, take_change, watch};

use super::{Prepared, Scope, Shared, Source, environment, template_limits, template_value};
use crate::RenderError;
use crate::helm::documents::Output;
use crate::helm::failure;
use crate::helm::functions::{Environment, Used};
use crate::helm::working::Node;

/// What Go prints for a value that is not there, and Helm removes.
const NO_VALUE: &str = "<no value>";

/// Templates that are executed one after another on this thread.
pub struct Execution<'a> {
    prepared: &'a Prepared,
    /// What the charts see, in the order of their paths.
    data: Vec<Map>,
    session: Session,
    environment: Rc<Environment>,
    /// What all templates together may cost.
    pub limits: TemplateLimits,
    has_changed: bool,
}

/// What templates that were executed took, and what they left.
pub struct Cost {
    steps: u64,
    bytes: u64,
    /// What of the world took part.
    pub used: Used,
    /// Whether later templates see other values than the first.
    has_changed: bool,
}

impl Cost {
    /// Adds what templates took that were executed on another thread, in any order; answers whether the result of all is that of one after another.
    pub fn is_as_if_alone(&mut self, other: &Self, limits: &TemplateLimits) -> bool {
        // Random bytes come in the order of the templates.
        let is_other = other.has_changed || other.used.entropy;
        self.steps = self.steps.saturating_add(other.steps);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.used = Used {
            clock: self.used.clock || other.used.clock,
            entropy: self.used.entropy || other.used.entropy,
            lookup: self.used.lookup || other.used.lookup,
        };
        !is_other && self.steps <= limits.steps && self.bytes <= limits.bytes
    }
}

impl<'a> Execution<'a> {
    /// Begins on the values of a chart; watched, when others begin on the same values meanwhile.
    pub fn new(
        scope: &Scope<'_>,
        prepared: &'a Prepared,
        (root, values): (&Node, &Map),
        is_watched: bool,
    ) -> Self {
        let mut data = Vec::with_capacity(prepared.charts.len());
        Shared::new(scope).data(root, Some(values), &mut data);
        if is_watched {
            for chart in &data {
                watch(&Value::Map(chart.clone()));
            }
        }
        let environment = Rc::new(environment(scope.facts));
        let limits = template_limits(scope.limits);
        let session = Session::new(
            Arc::clone(&prepared.templates),
            limits,
            Rc::clone(&environment) as Rc<dyn std::any::Any>,
        );
        Self {
            prepared,
            data,
            session,
            environment,
            limits,
            has_changed: false,
        }
    }

    /// Executes a template, reads what it prints, and adds both. What is wrong with that is kept: what templates say of themselves comes before.
    pub fn run<R>(
        &mut self,
        source: &Source,
        read: &impl Fn(&Output) -> R,
        done: &mut Vec<(Output, R)>,
    ) -> Result<(), RenderError> {
        if let Some(output) = self.execute(source)? {
            let read = read(&output);
            done.push((output, read));
        }
        Ok(())
    }

    /// Whether later templates see other values than the first, as far as they are watched.
    pub fn has_changed(&self) -> bool {
        self.has_changed
    }

    fn execute(&mut self, source: &Source) -> Result<Option<Output>, RenderError> {
        let Some(values) = self.data.get(source.chart) else {
            return Ok(None);
        };
        values.insert(
            "Template",
            template_value(&source.name, &self.prepared.charts[source.chart]),
        );
        // That was no template.
        let _own = take_change();
        let printed = self
            .session
            .execute(&source.name, &Value::Map(values.clone()))
            .map_err(|error| {
                failure::executing(&error, &self.prepared.files, &self.prepared.templates)
            })?;
        self.has_changed |= take_change();
        if source.is_notes {
            return Ok(None);
        }
        let printed = String::from_utf8(printed).map_err(|error| RenderError::Chart {
            at: source.file.to_string(),
            message: format!("the printed text is not UTF-8: {error}"),
        })?;
        let text = if memmem::find(printed.as_bytes(), NO_VALUE.as_bytes()).is_some() {
            printed.replace(NO_VALUE, "")
        } else {
            printed
        };
        Ok(Some(Output {
            source: Arc::clone(&source.name),
            file: Arc::clone(&source.file),
            text,
        }))
    }

    /// What it took so far.
    pub fn cost(&self) -> Cost {
        Cost {
            steps: self.limits.steps - self.session.steps_left(),
            bytes: self.limits.bytes - self.session.bytes_left(),
            used: *self.environment.used.borrow(),
            has_changed: self.has_changed,
        }
    }
}
