//! Prints the document that Dropshot emits, for `cargo xtask spec --check`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{:#}", tiphys_api::emitted()?);
    Ok(())
}
