//! `helmCharts` rendered in process: what `--enable-helm` calls the `helm` program for.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::charts::{ChartRequest, Charts};
use crate::RenderError;
use crate::helm::{self, Chart, Facts, Options, Used, ValueSource};

/// Renders the charts of an overlay with [`helm`].
pub struct HelmCharts {
    facts: Facts,
    used: Mutex<Used>,
}

impl HelmCharts {
    /// With what the world says. The Kubernetes version and the API versions of the facts, when there are any, come before
    /// those that a kustomization names, as `--helm-kube-version` and `--helm-api-versions` do upstream.
    #[must_use]
    pub fn new(facts: Facts) -> Self {
        Self {
            facts,
            used: Mutex::default(),
        }
    }

    /// What of the world took part in the charts that were rendered until now.
    #[must_use]
    pub fn used(&self) -> Used {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn options(&self, request: &ChartRequest<'_>) -> Result<Options, RenderError> {
        let chart = request.chart;
        let mut options = Options {
            values: values(request)?,
            skip_crds: !chart.include_crds,
            skip_tests: chart.skip_tests,
            ..Options::default()
        };
        match (chart.release_name.as_str(), chart.name_template.as_str()) {
            ("", "") => {}
            ("", template) => {
                let (name, used) = helm::release_name(template, &self.facts, request.limits)?;
                self.remember(used);
                options.release_name = name;
            }
            (name, "") => name.clone_into(&mut options.release_name),
            _ => {
                return Err(RenderError::Options(format!(
                    "helmCharts {}: cannot set --name-template and also specify a name: releaseName and nameTemplate exclude each other",
                    chart.name
                )));
            }
        }
        if !request.namespace.is_empty() {
            request.namespace.clone_into(&mut options.namespace);
        }
        if self.facts.kube_version.is_none() && !chart.kube_version.is_empty() {
            options.kube_version = Some(chart.kube_version.clone());
        }
        if self.facts.api_versions.is_empty() {
            options.api_versions.clone_from(&chart.api_versions);
        }
        Ok(options)
    }

    fn remember(&self, used: Used) {
        let mut all = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        all.clock |= used.clock;
        all.entropy |= used.entropy;
        all.lookup |= used.lookup;
    }
}

impl fmt::Debug for HelmCharts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The seed of the facts is a secret.
        f.debug_struct("HelmCharts").finish_non_exhaustive()
    }
}

impl Charts for HelmCharts {
    fn render(&self, request: &ChartRequest<'_>) -> Result<Vec<u8>, RenderError> {
        let options = self.options(request)?;
        let (tree, limits) = (request.tree, request.limits);
        let chart = Chart::load(tree, &request.path, request.supply, limits)?;
        let values = helm::read_values(tree, &request.path, &options, request.supply, limits)?;
        let mut rendered = chart.render(&options, &self.facts, &values)?;
        self.remember(rendered.used);
        if request.chart.skip_hooks {
            rendered.documents.retain(|document| !document.is_hook);
        }
        Ok(helm::printed(&rendered.documents).into_bytes())
    }
}

/// The files of values as texts.
fn values(request: &ChartRequest<'_>) -> Result<Vec<ValueSource>, RenderError> {
    let texts = request.values.iter().enumerate();
    texts
        .map(|(place, file)| {
            let name = format!("values {place} of helmCharts {}", request.chart.name);
            match std::str::from_utf8(file) {
                Ok(text) => Ok(ValueSource::Text {
                    name,
                    text: text.to_owned(),
                }),
                Err(error) => Err(RenderError::Options(format!(
                    "{name} are not UTF-8: {error}"
                ))),
            }
        })
        .collect()
}
