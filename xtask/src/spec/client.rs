//! Writes the client: `client/src/generated.rs`, through progenitor.

use anyhow::{Context as _, Result};
use progenitor::{GenerationSettings, Generator, InterfaceStyle, TagStyle};
use serde_json::Value;

/// The source of the module, from the lowered document. Types come from `tiphys_model`: server and client share them.
pub fn generate(lowered: &Value) -> Result<String> {
    let mut document = lowered.clone();
    // The client is for programs; probes and the document itself are not calls of the API.
    if let Some(paths) = document["paths"].as_object_mut() {
        paths.retain(|path, _| path.starts_with("/api"));
    }
    let parsed =
        serde_json::from_value(document).context("progenitor cannot read the lowered document")?;
    let mut settings = GenerationSettings::default();
    settings.with_interface(InterfaceStyle::Positional);
    settings.with_tag(TagStyle::Merged);
    let mut generator = Generator::new(&settings);
    let tokens = generator
        .generate_tokens(&parsed)
        .context("progenitor cannot generate a client")?;
    let mut file: syn::File =
        syn::parse2(tokens).context("progenitor generated something that is no Rust")?;
    for item in &mut file.items {
        if let syn::Item::Mod(module) = item
            && module.ident == "types"
        {
            *item = syn::parse_quote! {
                /// The types of the wire, shared with the server.
                pub use tiphys_model as types;
            };
        }
    }
    Ok(format!(
        "//! The client. Generated from spec/openapi.yaml: change that, then run `cargo xtask spec`.\n\n{}",
        prettyplease::unparse(&file)
    ))
}
