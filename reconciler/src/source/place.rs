//! Where a repository lives, whichever way its URL is written: what an event of a Git server is matched with.
//!
//! A server tells its repositories' URLs for browsers, HTTPS and SSH; an application uses one of them, perhaps through another port.

/// The host without user and port, and the path, lower-case, without `.git` and the slashes at its ends; none for what names no
/// host. The forms of Azure DevOps, and those of Bitbucket Server, are one.
#[must_use]
pub fn place(url: &str) -> Option<String> {
    let url = super::normalize(url);
    let (scheme, rest) = url.split_once("://")?;
    if scheme == "file" {
        return None;
    }
    let (authority, path) = rest.split_once('/')?;
    // An IPv6 address keeps its brackets.
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path = path.trim_matches('/');
    if host.is_empty() || path.is_empty() {
        return None;
    }
    let (host, path) = azure(host, path).unwrap_or_else(|| (host.to_owned(), path.to_owned()));
    // Bitbucket Server serves HTTPS below `/scm/`, and SSH without.
    let path = path.strip_prefix("scm/").unwrap_or(&path);
    Some(format!("{host}/{path}"))
}

/// Azure DevOps: `dev.azure.com/<organisation>/<project>/_git/<repository>`, the same below `<organisation>.visualstudio.com`, and
/// `ssh.dev.azure.com/v3/<organisation>/<project>/<repository>`.
fn azure(host: &str, path: &str) -> Option<(String, String)> {
    let parts: Vec<&str> = path.split('/').collect();
    let (organisation, project, repository) = match (host, parts.as_slice()) {
        ("dev.azure.com", [organisation, project, "_git", repository])
        | (
            "ssh.dev.azure.com" | "vs-ssh.visualstudio.com",
            ["v3", organisation, project, repository],
        ) => (*organisation, *project, *repository),
        ("dev.azure.com", [organisation, "_git", repository]) => {
            (*organisation, *repository, *repository)
        }
        (host, parts) => {
            let organisation = host.strip_suffix(".visualstudio.com")?;
            match parts {
                [project, "_git", repository]
                | ["defaultcollection", project, "_git", repository] => {
                    (organisation, *project, *repository)
                }
                ["_git", repository] => (organisation, *repository, *repository),
                _ => return None,
            }
        }
    };
    Some((
        "dev.azure.com".to_owned(),
        format!("{organisation}/{project}/_git/{repository}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::place;

    fn same(place_of_all: &str, urls: &[&str]) {
        for url in urls {
            assert_eq!(place(url).as_deref(), Some(place_of_all), "{url}");
        }
    }

    #[test]
    fn one_repository_has_one_place() {
        same(
            "git.example.com/team/app",
            &[
                "https://git.example.com/team/app",
                "https://git.example.com/Team/App.git",
                "https://git.example.com/team/app.git/",
                "https://user:token@git.example.com/team/app.git",
                "https://git.example.com:8443/team/app",
                "http://git.example.com/team/app?x=1",
                "git@git.example.com:team/app.git",
                "ssh://git@git.example.com/team/app.git",
                "ssh://git@git.example.com:2222/team/app",
                "git://git.example.com/team/app.git",
                "https://git.example.com/scm/team/app.git",
            ],
        );
    }

    #[test]
    fn azure_devops_has_one_place_for_its_forms() {
        same(
            "dev.azure.com/org/shop/_git/web",
            &[
                "https://dev.azure.com/org/shop/_git/web",
                "https://org@dev.azure.com/org/shop/_git/web",
                "git@ssh.dev.azure.com:v3/org/shop/web",
                "https://org.visualstudio.com/shop/_git/web",
                "https://org.visualstudio.com/DefaultCollection/shop/_git/web",
                "org@vs-ssh.visualstudio.com:v3/org/shop/web",
            ],
        );
        same(
            "dev.azure.com/org/web/_git/web",
            &["https://dev.azure.com/org/_git/web"],
        );
    }

    #[test]
    fn others_have_other_places_or_none() {
        assert_ne!(
            place("https://a.example/x/y"),
            place("https://b.example/x/y")
        );
        assert_ne!(
            place("https://a.example/x/y"),
            place("https://a.example/x/y/z")
        );
        for url in [
            "",
            "/srv/git",
            "file:///srv/git",
            "https://host",
            "https:///x",
            "https://host/",
            "::",
            "a:",
        ] {
            assert_eq!(place(url), None, "{url}");
        }
    }
}
