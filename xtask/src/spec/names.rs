//! From the names of the document to names in Rust.

/// `repoURL` → `repo_url`, `id.value` → `id_value`.
pub fn snake(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (index, &character) in characters.iter().enumerate() {
        if !character.is_ascii_alphanumeric() {
            out.push('_');
            continue;
        }
        if character.is_ascii_uppercase() && index > 0 {
            let previous = characters[index - 1];
            let next_is_lower = characters
                .get(index + 1)
                .is_some_and(char::is_ascii_lowercase);
            // A trailing plural `s` belongs to its acronym: `externalURLs`.
            let plural = characters.get(index + 1) == Some(&'s') && index + 2 == characters.len();
            if previous.is_ascii_lowercase()
                || previous.is_ascii_digit()
                || (previous.is_ascii_uppercase() && next_is_lower && !plural)
            {
                out.push('_');
            }
        }
        out.push(character.to_ascii_lowercase());
    }
    out
}

/// A field's name: snake case, with an underscore behind what Rust keeps for itself.
pub fn field(name: &str) -> String {
    let snake = snake(name);
    match snake.as_str() {
        "type" | "ref" | "self" | "use" | "match" | "move" => format!("{snake}_"),
        _ => snake,
    }
}

/// `listApplications` → `ListApplications`.
pub fn pascal(name: &str) -> String {
    let mut characters = name.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_rust() {
        for (name, expected) in [
            ("repoURL", "repo_url"),
            ("externalURLs", "external_urls"),
            ("githubAppID", "github_app_id"),
            (
                "githubAppEnterpriseBaseUrl",
                "github_app_enterprise_base_url",
            ),
            ("id.value", "id_value"),
            ("Version", "version"),
            ("enableOCI", "enable_oci"),
            ("insecureOCIForceHttp", "insecure_oci_force_http"),
            ("type", "type_"),
        ] {
            assert_eq!(field(name), expected);
        }
    }
}
