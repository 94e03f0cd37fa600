//! Charts over HTTP: a Helm repository and a registry that this file plays, against [`Sources`].

use std::future::Future;
use std::sync::OnceLock;

use tiphys_render::{Missing, Needed};
use tiphys_testbed::charts::{basic, challenge, index_entry};
use tiphys_testbed::web::{Answer as Given, Request, Web};

use super::archives::sha256;
use super::*;
use crate::source::Options;

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    tiphys_testbed::charts::packed(files).unwrap()
}

fn chart_archive(version: &str) -> Vec<u8> {
    let text = format!("apiVersion: v2\nname: web\nversion: {version}\n");
    packed(&[("web/Chart.yaml", text.as_bytes())])
}

fn helm(url: &str) -> Repo {
    Repo {
        url: url.to_owned(),
        kind: Kind::Helm,
        ..Repo::default()
    }
}

fn text(chart: &Chart, path: &str) -> String {
    let path = TreePath::new(path).unwrap();
    String::from_utf8(chart.tree.read(&path, 1 << 20).unwrap().into_owned()).unwrap()
}

/// An index with one chart `web`: version, digest and URL of each entry.
fn index(entries: &[(&str, &str, &str)]) -> String {
    let mut index = "apiVersion: v1\nentries:\n  web:\n".to_owned();
    for (version, digest, url) in entries {
        index += &index_entry("web", version, digest, url);
    }
    index
}

/// The message of what has to fail.
fn message<T, E: ToString>(result: Result<T, E>) -> String {
    result.err().expect("this has to fail").to_string()
}

#[test]
fn a_helm_repository_is_asked_once() {
    let folder = tempfile::tempdir().unwrap();
    let web = Web::start(|request| match request.target.as_str() {
        "/charts/index.yaml" if request.header("if-none-match") == "\"one\"" => Given::new(304, ""),
        "/charts/index.yaml" => Given::ok(index(&[
            ("1.0.0", &sha256(&chart_archive("1.0.0")), "web-1.0.0.tgz"),
            (
                "1.1.0",
                &sha256(&chart_archive("1.1.0")),
                "../other/web-1.1.0.tgz",
            ),
            ("2.0.0-rc.1", "", "web-2.tgz"),
        ]))
        .with("ETag", "\"one\""),
        "/charts/web-1.0.0.tgz" => Given::ok(chart_archive("1.0.0")),
        "/other/web-1.1.0.tgz" => Given::ok(chart_archive("1.1.0")),
        "/charts/web-2.tgz" => Given::ok(chart_archive("2.0.0-rc.1")),
        _ => Given::new(404, ""),
    })
    .unwrap();
    let repo = helm(&format!("{}/charts/", web.url()));
    run(async {
        let sources = Sources::new(Options::of_test(folder.path()));
        let chart = sources.chart(&repo, "web", "1.x").await.unwrap();
        assert_eq!(chart.version, "1.1.0");
        assert_eq!(chart.digest, sha256(&chart_archive("1.1.0")));
        assert!(text(&chart, "Chart.yaml").contains("version: 1.1.0"));
        let id = chart.tree.id(&TreePath::root()).unwrap();
        assert!(id.unwrap().contains(&chart.digest));
        assert_eq!(web.requests(), 2);
        // Many at once, and again: nothing more is asked.
        let several = (0..8).map(|_| sources.chart(&repo, "web", ""));
        for chart in futures::future::join_all(several).await {
            assert_eq!(chart.unwrap().version, "1.1.0");
        }
        assert_eq!(web.requests(), 2);
        // An archive without a digest in the index is fetched once, too.
        for _ in 0..2 {
            let chart = sources.chart(&repo, "web", "2.0.0-rc.1").await.unwrap();
            assert_eq!(chart.digest, sha256(&chart_archive("2.0.0-rc.1")));
        }
        assert_eq!(web.requests(), 3);
        let all = sources.charts(&repo).await.unwrap();
        assert_eq!(all[0].name, "web");
        assert_eq!(all[0].versions, ["1.0.0", "1.1.0", "2.0.0-rc.1"]);
        let error = message(sources.chart_version(&repo, "web", "9.x").await);
        assert!(
            error.contains("'9.x'") && error.contains("1.0.0"),
            "{error}"
        );
        let error = message(sources.chart_version(&repo, "nothing", "").await);
        assert!(error.contains("no chart 'nothing'"), "{error}");
        let error = message(sources.chart_version(&repo, "web", "what?").await);
        assert!(error.contains("improper constraint"), "{error}");
        assert_eq!(web.requests(), 3);

        // After a restart what is pinned and here needs nobody; what is not asks whether there is something newer.
        let again = Sources::new(Options::of_test(folder.path()));
        let chart = again.chart(&repo, "web", "1.1.0").await.unwrap();
        assert_eq!(chart.version, "1.1.0");
        assert_eq!(web.requests(), 3);
        assert_eq!(
            again.chart_version(&repo, "web", "1.x").await.unwrap(),
            "1.1.0"
        );
        assert_eq!(web.requests(), 4);
        again.forget(&repo).await;
        assert_eq!(
            again.chart_version(&repo, "web", "*").await.unwrap(),
            "1.1.0"
        );
        assert_eq!(web.requests(), 5);
    });
}

#[test]
fn a_changed_index_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let newest = Arc::new(Mutex::new("1.0.0".to_owned()));
    let shown = Arc::clone(&newest);
    let web = Web::start(move |_| Given::ok(index(&[(&crate::locked(&shown), "", "x")]))).unwrap();
    let repo = helm(&web.url());
    run(async {
        let sources = Sources::new(Options::of_test(folder.path()));
        let mut changes = sources.subscribe();
        assert_eq!(
            sources.chart_version(&repo, "web", "").await.unwrap(),
            "1.0.0"
        );
        sources.look_at_charts(&repo).await.unwrap();
        assert!(changes.try_recv().is_err(), "nothing changed");
        *crate::locked(&newest) = "1.0.1".to_owned();
        sources.look_at_charts(&repo).await.unwrap();
        assert_eq!(changes.try_recv().unwrap(), normalize(&repo.url));
        assert_eq!(
            sources.chart_version(&repo, "web", "").await.unwrap(),
            "1.0.1"
        );
    });
}

#[test]
fn credentials_stay_with_their_server() {
    let folder = tempfile::tempdir().unwrap();
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&seen);
    let other = Web::start(move |request| {
        crate::locked(&log).push(request.authorization);
        Given::ok(chart_archive(request.target.trim_start_matches('/')))
    })
    .unwrap();
    let elsewhere = other.url();
    let own = Web::start(move |request| match request.target.as_str() {
        _ if request.authorization != basic("robot", "s3cret") => Given::new(401, "s3cret"),
        "/index.yaml" => Given::ok(index(&[
            ("1.0.0", "", &format!("{elsewhere}/1.0.0")),
            ("2.0.0", "", "redirected"),
            ("3.0.0", "", "ftp://example.com/x"),
            ("4.0.0", "", &format!("{elsewhere}/4.0.0")),
        ])),
        "/redirected" => Given::new(302, "").with("Location", &format!("{elsewhere}/2.0.0")),
        _ => Given::new(404, ""),
    })
    .unwrap();
    let mut repo = helm(&own.url());
    run(async {
        let sources = Sources::new(Options::of_test(folder.path()));
        let error = message(sources.chart(&repo, "web", "").await);
        assert!(error.contains("authentication"), "{error}");
        repo.username = "robot".to_owned();
        repo.credentials.password = "s3cret".into();
        for version in ["1.0.0", "2.0.0"] {
            let chart = sources.chart(&repo, "web", version).await.unwrap();
            assert!(text(&chart, "Chart.yaml").contains(version));
        }
        assert_eq!(*crate::locked(&seen), ["", ""]);
        let error = message(sources.chart(&repo, "web", "3.0.0").await);
        assert!(
            error.contains("ftp") && !error.contains("s3cret"),
            "{error}"
        );
        repo.pass_credentials = true;
        sources.chart(&repo, "web", "4.0.0").await.unwrap();
        assert_eq!(crate::locked(&seen)[2], basic("robot", "s3cret"));
        // Whoever has no credentials gets nothing of what was kept for somebody else.
        let error = message(sources.chart(&helm(&own.url()), "web", "1.0.0").await);
        assert!(error.contains("authentication"), "{error}");
    });
}

#[test]
fn what_is_wrong_or_a_bomb_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let zeros = vec![0_u8; 4 << 20];
    let names: Vec<String> = (0..12).map(|n| format!("web/files/{n}")).collect();
    let files: Vec<(&str, &[u8])> = names
        .iter()
        .map(|n| (n.as_str(), zeros.as_slice()))
        .collect();
    let bomb = packed(&files);
    let (wrong, bomb_digest) = ("0".repeat(64), sha256(&bomb));
    let web = Web::start(move |request| match request.target.as_str() {
        "/index.yaml" => Given::ok(index(&[
            ("1.0.0", &wrong, "chart"),
            ("2.0.0", &bomb_digest, "bomb"),
            ("3.0.0", "", "text"),
            ("4.0.0", "", "large"),
            ("5.0.0", "", "gone"),
            ("6.0.0", "", "parent"),
        ])),
        "/chart" => Given::ok(chart_archive("1.0.0")),
        "/bomb" => Given::ok(bomb.clone()),
        "/text" => Given::ok("<html>"),
        "/large" => Given::ok(vec![0; (20 << 20) + 1]),
        "/parent" => Given::ok(packed(&[("web/Chart.yaml", b"a"), ("c:/x/y", b"b")])),
        "/long/index.yaml" => Given::ok(format!(
            "apiVersion: v1\nentries:\n  web:\n  - version: 1.0.0\n    urls: [\"{}\"]\n",
            "x".repeat(5 << 20)
        )),
        "/deep/index.yaml" => Given::ok(format!("apiVersion: v1\nx: {}", "[".repeat(200))),
        _ => Given::new(404, ""),
    })
    .unwrap();
    run(async {
        let sources = Sources::new(Options::of_test(folder.path()));
        for (version, expected) in [
            ("1.0.0", "was promised"),
            ("2.0.0", "200 unpacked bytes for each packed one"),
            ("3.0.0", "no gzipped chart archive"),
            ("4.0.0", "more than 20971520 bytes"),
            ("5.0.0", "404"),
        ] {
            let error = message(sources.chart(&helm(&web.url()), "web", version).await);
            assert!(error.contains(expected), "{version}: {error}");
        }
        for (path, expected) in [
            ("long", "4194304 bytes in one entry of chart \"web\""),
            ("deep", "64 levels"),
            ("none", "404"),
        ] {
            let repo = helm(&format!("{}/{path}", web.url()));
            let error = message(sources.chart(&repo, "web", "").await);
            assert!(error.contains(expected), "{path}: {error}");
        }
        let left: Vec<_> = std::fs::read_dir(folder.path().join("charts/index"))
            .unwrap()
            .flatten()
            .map(|entry| entry.file_name())
            .collect();
        assert_eq!(left.len(), 1, "only the index that could be read: {left:?}");
        let error = message(sources.chart(&helm("ftp://example.com"), "web", "").await);
        assert!(error.contains("not a repository URL"), "{error}");
    });
}

/// A small registry: tags in pages of two, manifests, blobs (by redirect to another server), for whoever has a token.
fn registry(url: Arc<OnceLock<String>>, blobs: String) -> impl Fn(Request) -> Given {
    move |request| {
        let own = url.get().map_or("", String::as_str);
        if let Some(answer) =
            challenge(&request, own, &basic("robot", "s3cret"), Some("charts/web"))
        {
            return answer;
        }
        let (path, query) = request
            .target
            .split_once('?')
            .unwrap_or((&request.target, ""));
        let manifest = |version: &str| {
            let (config, digest) = match version {
                "2.0.0" => ("application/vnd.oci.image.config.v1+json", sha256(b"")),
                "3.0.0" => (registry::CONFIG, "0".repeat(64)),
                _ => (registry::CONFIG, sha256(&chart_archive(version))),
            };
            format!(
                r#"{{"schemaVersion":2,"config":{{"mediaType":"{config}"}},"layers":[{{"mediaType":"{}","digest":"sha256:{digest}"}}]}}"#,
                registry::CHART
            )
        };
        match path {
            "/v2/charts/web/tags/list" if query.contains("last=b") => {
                Given::ok(r#"{"tags":["1.2.0_build.1","latest"]}"#)
            }
            "/v2/charts/web/tags/list" => Given::ok(r#"{"tags":["1.0.0","1.1.0"]}"#)
                .with("Link", "</v2/charts/web/tags/list?last=b>; rel=\"next\""),
            "/v2/charts/far/tags/list" => {
                Given::ok("{}").with("Link", "<http://127.0.0.1:1/v2/x>; rel=\"next\"")
            }
            "/v2/charts/web/manifests/1.2.0_build.1" => Given::ok(manifest("1.2.0")),
            path => match path.strip_prefix("/v2/charts/web/manifests/") {
                Some("lies") => {
                    Given::ok(manifest("1.0.0")).with("Docker-Content-Digest", "sha256:11")
                }
                Some(reference)
                    if reference == format!("sha256:{}", sha256(manifest("1.1.0").as_bytes())) =>
                {
                    Given::ok(manifest("1.1.0"))
                }
                Some(reference) if reference.starts_with("sha256:") => Given::ok(manifest("1.0.0")),
                Some(version) => Given::ok(manifest(version)),
                None => match path.strip_prefix("/v2/charts/web/blobs/") {
                    Some(blob) => Given::new(307, "").with("Location", &format!("{blobs}/{blob}")),
                    None => Given::new(404, ""),
                },
            },
        }
    }
}

#[test]
fn a_registry_gives_tags_and_charts() {
    let folder = tempfile::tempdir().unwrap();
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&seen);
    let blobs = Web::start(move |request| {
        crate::locked(&log).push(request.authorization);
        let wanted = request.target.trim_start_matches("/sha256:").to_owned();
        let found = ["1.0.0", "1.1.0", "1.2.0"]
            .into_iter()
            .map(chart_archive)
            .find(|archive| sha256(archive) == wanted);
        Given::ok(found.unwrap_or_else(|| b"something else".to_vec()))
    })
    .unwrap();
    let realm: Arc<OnceLock<String>> = Arc::default();
    let web = Web::start(registry(Arc::clone(&realm), blobs.url())).unwrap();
    realm.get_or_init(|| web.url());
    let digest = |version: &str| sha256(&chart_archive(version));
    let mut repo = Repo {
        url: format!("oci://{}/charts", web.url().replace("http://", "")),
        kind: Kind::Registry {
            insecure_http: true,
        },
        ..Repo::default()
    };
    run(async {
        let sources = Sources::new(Options::of_test(folder.path()));
        let error = message(sources.chart(&repo, "web", "1.x").await);
        assert!(error.contains("authentication"), "{error}");
        repo.username = "robot".to_owned();
        repo.credentials.password = "s3cret".into();
        let chart = sources.chart(&repo, "web", "1.x").await.unwrap();
        assert_eq!(chart.version, "1.2.0+build.1");
        assert_eq!(chart.digest, digest("1.2.0"));
        let asked = web.requests();
        let chart = sources.chart(&repo, "web", "~1.0").await.unwrap();
        assert_eq!(
            (chart.version.as_str(), chart.digest.as_str()),
            ("1.0.0", &*digest("1.0.0"))
        );
        assert_eq!(
            web.requests(),
            asked + 2,
            "a manifest and a blob, with the token that is here"
        );
        sources.chart(&repo, "web", "1.0.0").await.unwrap();
        assert_eq!(web.requests(), asked + 2);
        let seen = crate::locked(&seen).clone();
        assert_eq!(seen, ["", ""], "the token stays with the registry");

        // By digest of the manifest.
        let body = format!(
            r#"{{"schemaVersion":2,"config":{{"mediaType":"{}"}},"layers":[{{"mediaType":"{}","digest":"sha256:{}"}}]}}"#,
            registry::CONFIG,
            registry::CHART,
            digest("1.1.0")
        );
        let reference = format!("sha256:{}", sha256(body.as_bytes()));
        let chart = sources.chart(&repo, "web", &reference).await.unwrap();
        assert_eq!((chart.version, chart.digest), (reference, digest("1.1.0")));

        for (version, expected) in [
            (
                "2.0.0",
                "'2.0.0' is no Helm chart but a container image (type 'application/vnd.oci.image.config.v1+json')",
            ),
            ("3.0.0", "was promised"),
            (&*format!("sha256:{}", "1".repeat(64)), "was promised"),
            ("sha256:11", "no sha256 digest"),
            ("9.x", "no version of chart 'web'"),
        ] {
            let error = message(sources.chart(&repo, "web", version).await);
            assert!(error.contains(expected), "{version}: {error}");
            assert!(
                !error.contains("s3cret") && !error.contains("t0ken"),
                "{error}"
            );
        }
        let mut own = repo.clone();
        own.url += "/web";
        let all = sources.charts(&own).await.unwrap();
        assert_eq!((all[0].name.as_str(), all[0].versions.len()), ("web", 3));
        sources.look_at_charts(&repo).await.unwrap();
    });
}

#[test]
fn what_is_missing_is_supplied() {
    let folder = tempfile::tempdir().unwrap();
    let git =
        tiphys_testbed::git::Repository::init(&folder.path().join("served"), "bases").unwrap();
    git.write("overlay/kustomization.yaml", "resources: []\n")
        .unwrap();
    git.commit("one").unwrap();
    git.tag("v1").unwrap();
    let web = Web::start(|request| match request.target.as_str() {
        "/index.yaml" => Given::ok(index(&[("1.0.0", "", "web.tgz")])),
        "/web.tgz" => Given::ok(chart_archive("1.0.0")),
        "/values.yaml?token=s3cret" => Given::ok("a: 1\n"),
        "/huge.yaml" => Given::ok(vec![b'#'; (10 << 20) + 1]),
        _ => Given::new(404, ""),
    })
    .unwrap();
    let chart = |repository: &str| Missing::Chart {
        repository: repository.to_owned(),
        name: "web".to_owned(),
        version: "^1".to_owned(),
    };
    let file = |path: &str| Missing::File {
        url: format!("{}{path}", web.url()),
    };
    let base = |query: &str| Missing::Base {
        url: format!("file://{}//overlay{query}", git.bare().display()),
    };
    let read = |found: &super::super::Found, below: &str| {
        let supplied = &found.supplied;
        let path = supplied.path.join(below).unwrap();
        String::from_utf8(supplied.tree.read(&path, 1000).unwrap().into_owned()).unwrap()
    };
    run(async {
        let sources = Sources::new(Options::of_test(folder.path()));
        let finder = |url: &str| Repo::anonymous(url);
        let wanted = [
            chart(&web.url()),
            file("/values.yaml?token=s3cret"),
            base("?ref=v1&timeout=90s"),
        ];
        let found = sources
            .supply(&wanted.clone().map(Needed::from), &finder)
            .await
            .unwrap();
        assert_eq!(found.len(), 3);
        assert!(read(&found[&wanted[0]], "Chart.yaml").contains("1.0.0"));
        assert_eq!(read(&found[&wanted[1]], ""), "a: 1\n");
        assert_eq!(
            read(&found[&wanted[2]], "kustomization.yaml"),
            "resources: []\n"
        );
        let asked = web.requests();
        sources
            .supply(&wanted.clone().map(Needed::from), &finder)
            .await
            .unwrap();
        assert_eq!(web.requests(), asked, "all of it is here");
        for (missing, expected) in [
            (
                chart("@stable"),
                "no Helm repository is registered with the name 'stable'",
            ),
            (chart("file:///etc"), "not a repository URL"),
            (file("/gone.yaml?token=s3cret"), "404"),
            (file("/huge.yaml"), "10485760 bytes"),
            (base("?ref=v9"), "v9"),
            (
                Missing::Base {
                    url: "../up".to_owned(),
                },
                "not a repository URL",
            ),
            (
                Missing::File {
                    url: "file:///etc/passwd".to_owned(),
                },
                "https://",
            ),
        ] {
            let error = message(sources.supply(&[missing.into()], &finder).await);
            assert!(
                error.contains(expected) && !error.contains("s3cret"),
                "{error}"
            );
        }
        let strict = Sources::new(Options {
            allow_file: false,
            folder: folder.path().join("strict"),
            ..Options::of_test(folder.path())
        });
        let error = message(strict.supply(&[base("").into()], &finder).await);
        assert!(error.contains("not read"), "{error}");
    });
}

#[test]
fn urls_of_archives() {
    for (repo, reference, expected) in [
        (
            "https://example.com/charts",
            "a.tgz",
            "https://example.com/charts/a.tgz",
        ),
        (
            "https://example.com/charts/",
            "x/a.tgz",
            "https://example.com/charts/x/a.tgz",
        ),
        (
            "https://example.com/charts?sig=1",
            "a.tgz",
            "https://example.com/charts/a.tgz?sig=1",
        ),
        (
            "https://example.com/charts",
            "/a.tgz",
            "https://example.com/a.tgz",
        ),
        (
            "https://example.com/charts",
            "https://other.org/a.tgz",
            "https://other.org/a.tgz",
        ),
        (
            "https://example.com",
            "index.yaml",
            "https://example.com/index.yaml",
        ),
    ] {
        let found = beside(&helm(repo), reference).ok().unwrap();
        assert_eq!(found.as_str(), expected);
    }
    assert!(is_same_server(
        &helm("https://a.org/x"),
        &Url::parse("https://a.org:443/y").unwrap()
    ));
    for other in ["http://a.org/y", "https://b.org/x", "https://a.org:444/"] {
        assert!(!is_same_server(
            &helm("https://a.org/x"),
            &Url::parse(other).unwrap()
        ));
    }
}

#[test]
fn a_repository_of_charts_is_known_by_its_url() {
    let registry = Kind::Registry {
        insecure_http: false,
    };
    for (url, expected) in [
        ("https://example.com/charts", Kind::Helm),
        ("oci://example.com/charts", registry),
        ("example.com/charts", registry),
        ("ssh://git@example.com/charts", Kind::Git),
    ] {
        assert!(Repo::anonymous(url).for_charts().kind == expected, "{url}");
    }
    let registered = Kind::Registry {
        insecure_http: true,
    };
    let mut repo = Repo::anonymous("oci://example.com");
    repo.kind = registered;
    assert!(repo.for_charts().kind == registered);
}
