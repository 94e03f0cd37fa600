//! What an application says on top of the kustomization that it names, as Argo CD applies it with `kustomize edit`.

use std::collections::BTreeMap;

use super::fault::Fault;
use super::target::Target;
use super::types::{Image, Label, Patch, Replica};
use crate::RenderError;

/// Stands for "as it is in the kustomization" in an image.
const PRESERVED: &str = "*";

/// What an application says on top of its kustomization. Empty fields say nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// In place of `namePrefix`.
    pub name_prefix: String,
    /// In place of `nameSuffix`.
    pub name_suffix: String,
    /// In place of `namespace`.
    pub namespace: String,
    /// Images as `[old=]new[:tag][@digest]`.
    pub images: Vec<String>,
    /// Labels.
    pub common_labels: BTreeMap<String, String>,
    /// Whether labels of the same name are overwritten.
    pub force_common_labels: bool,
    /// Whether labels stay out of selectors.
    pub label_without_selector: bool,
    /// Whether labels that stay out of selectors go into templates.
    pub label_include_templates: bool,
    /// Annotations.
    pub common_annotations: BTreeMap<String, String>,
    /// Whether annotations of the same name are overwritten.
    pub force_common_annotations: bool,
    /// Replica counts.
    pub replicas: Vec<Replica>,
    /// Further patches.
    pub patches: Vec<Patch>,
    /// Further components.
    pub components: Vec<String>,
    /// Whether components whose folder is not there are left out.
    pub ignore_missing_components: bool,
}

impl Overrides {
    /// Changes the kustomization.
    ///
    /// # Errors
    /// When an image or a label is not usable.
    pub(super) fn apply(&self, target: &mut Target<'_>) -> Result<(), RenderError> {
        self.change(target).map_err(|(field, message)| {
            Fault::Field(message).at(
                "the application's source",
                None,
                &format!("kustomize.{field}"),
            )
        })
    }

    fn change(&self, target: &mut Target<'_>) -> Result<(), (&'static str, String)> {
        let of = &mut target.kustomization;
        for (own, given) in [
            (&mut of.name_prefix, &self.name_prefix),
            (&mut of.name_suffix, &self.name_suffix),
            (&mut of.namespace, &self.namespace),
        ] {
            if !given.is_empty() {
                own.clone_from(given);
            }
        }
        if !self.images.is_empty() {
            set_images(&mut of.images, &self.images).map_err(|message| ("images", message))?;
        }
        if !self.replicas.is_empty() {
            let mut by_name: BTreeMap<String, Replica> = BTreeMap::new();
            for replica in of.replicas.drain(..).chain(self.replicas.iter().cloned()) {
                by_name.insert(replica.name.clone(), replica);
            }
            of.replicas = by_name.into_values().collect();
        }
        self.add_labels(&mut of.common_labels, &mut of.labels)
            .map_err(|message| ("commonLabels", message))?;
        add(
            &mut of.common_annotations,
            &self.common_annotations,
            self.force_common_annotations,
            "annotation",
        )
        .map_err(|message| ("commonAnnotations", message))?;
        of.patches.extend(self.patches.iter().cloned());
        for component in &self.components {
            if self.ignore_missing_components && !target.loader.is_folder(component) {
                continue;
            }
            if !target.kustomization.components.contains(component) {
                target.kustomization.components.push(component.clone());
            }
        }
        Ok(())
    }

    fn add_labels(
        &self,
        common: &mut BTreeMap<String, String>,
        labels: &mut Vec<Label>,
    ) -> Result<(), String> {
        if self.common_labels.is_empty() {
            return Ok(());
        }
        if !self.label_without_selector {
            if self.label_include_templates {
                return Err("--without-selector flag must be specified for --include-templates to work: set labelWithoutSelector with labelIncludeTemplates".to_owned());
            }
            return add(
                common,
                &self.common_labels,
                self.force_common_labels,
                "label",
            );
        }
        let known = labels.iter().position(|label| {
            !label.include_selectors && label.include_templates == self.label_include_templates
        });
        let place = known.unwrap_or_else(|| {
            labels.push(Label {
                include_templates: self.label_include_templates,
                ..Label::default()
            });
            labels.len() - 1
        });
        add(
            &mut labels[place].pairs,
            &self.common_labels,
            self.force_common_labels,
            "label",
        )
    }
}

fn add(
    to: &mut BTreeMap<String, String>,
    given: &BTreeMap<String, String>,
    force: bool,
    what: &str,
) -> Result<(), String> {
    for (key, value) in given {
        if !force && to.contains_key(key) {
            return Err(format!(
                "{what} {key} already in kustomization file. Force it to override."
            ));
        }
        to.insert(key.clone(), value.clone());
    }
    Ok(())
}

/// Adds images; those of the same name are replaced, and all are sorted by name.
fn set_images(own: &mut Vec<Image>, given: &[String]) -> Result<(), String> {
    let mut by_name: BTreeMap<String, Image> = BTreeMap::new();
    for text in given {
        let image = parse_image(text)?;
        by_name.insert(image.name.clone(), image);
    }
    for image in own.drain(..) {
        match by_name.get_mut(&image.name) {
            None => {
                by_name.insert(image.name.clone(), image);
            }
            Some(given) => {
                for (given, own) in [
                    (&mut given.new_name, image.new_name),
                    (&mut given.new_tag, image.new_tag),
                    (&mut given.digest, image.digest),
                ] {
                    if given == PRESERVED {
                        *given = own;
                    }
                }
            }
        }
    }
    *own = by_name
        .into_values()
        .map(|mut image| {
            for field in [&mut image.new_name, &mut image.new_tag, &mut image.digest] {
                if field == PRESERVED {
                    field.clear();
                }
            }
            image
        })
        .collect();
    Ok(())
}

/// Reads `[old=]new[:tag][@digest]`.
fn parse_image(text: &str) -> Result<Image, String> {
    let (old, value) = match text.split_once('=') {
        Some((old, value)) => (old, value),
        None => ("", text),
    };
    let (name, tag, digest) = super::transform::split_image(value);
    if name == text {
        return Err(format!(
            "invalid format of image {text:?}, use one of the following options: <image>=<newimage>:<newtag>, <image>=<newimage>@<digest>, <image>=<newimage>, <image>:<newtag>, <image>@<digest>"
        ));
    }
    let (name, new_name) = if old.is_empty() {
        (name, "")
    } else {
        (old, name)
    };
    Ok(Image {
        name: name.to_owned(),
        new_name: new_name.to_owned(),
        new_tag: tag.to_owned(),
        digest: digest.to_owned(),
        tag_suffix: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_replace_those_of_their_name() {
        let mut images = vec![
            Image {
                name: "z".into(),
                new_tag: "1".into(),
                ..Image::default()
            },
            Image {
                name: "b".into(),
                new_name: "kept".into(),
                new_tag: "1".into(),
                ..Image::default()
            },
        ];
        let given = ["a:2", "b=*:3", "c=d@sha256:ab"].map(str::to_owned);
        set_images(&mut images, &given).unwrap();
        let found: Vec<_> = images
            .iter()
            .map(|image| {
                format!(
                    "{}={}:{}@{}",
                    image.name, image.new_name, image.new_tag, image.digest
                )
            })
            .collect();
        assert_eq!(found, ["a=:2@", "b=kept:3@", "c=d:@sha256:ab", "z=:1@"]);
        assert!(set_images(&mut images, &["a".to_owned()]).is_err());
    }
}
