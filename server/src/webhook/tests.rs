//! Tests of events: who sent them, proofs, URLs, and that nothing that comes can panic.

use hmac::{Hmac, Mac as _};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use serde_json::json;
use sha2::Sha256;

use super::*;

const SECRET: &str = "golden fleece";

fn secrets() -> Secrets {
    let secret = || Some(Secret::from(SECRET.to_owned()));
    Secrets {
        github: secret(),
        gitlab: secret(),
        gitea: secret(),
        bitbucket: secret(),
        azure: Some((
            Secret::from("jason".to_owned()),
            Secret::from(SECRET.to_owned()),
        )),
        generic: secret(),
    }
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| {
            let name: HeaderName = name.parse().expect("a name");
            (
                name,
                HeaderValue::from_bytes(value.as_bytes()).expect("a value"),
            )
        })
        .collect()
}

fn hmac(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(body);
    mac.finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// An event of each sender: its marks, how it proves itself, and the body.
struct Case {
    sender: &'static str,
    mark: &'static [(&'static str, &'static str)],
    /// Header of the proof, and what stands before the digits of a signature; none when the value is given.
    signature: (&'static str, &'static str),
    value: Option<&'static str>,
    body: Value,
    urls: &'static [&'static str],
}

impl Case {
    fn headers(&self, proof: &str) -> HeaderMap {
        let mut all = headers(self.mark);
        if !proof.is_empty() {
            all.extend(headers(&[(self.signature.0, proof)]));
        }
        all
    }

    fn proof(&self, body: &[u8]) -> String {
        match self.value {
            Some(value) => value.to_owned(),
            None => format!("{}{}", self.signature.1, hmac(SECRET, body)),
        }
    }
}

fn github_like() -> Value {
    json!({"ref": "refs/heads/main", "repository": {
        "html_url": "https://git.example.com/team/app", "clone_url": "https://git.example.com/team/app.git",
        "ssh_url": "git@git.example.com:team/app.git", "private": true,
    }})
}

const GITHUB_URLS: &[&str] = &[
    "https://git.example.com/team/app",
    "https://git.example.com/team/app.git",
    "git@git.example.com:team/app.git",
];

fn cases() -> Vec<Case> {
    let case = |sender, mark, signature, value, body, urls| Case {
        sender,
        mark,
        signature,
        value,
        body,
        urls,
    };
    vec![
        case(
            "GitHub",
            &[("x-github-event", "push")],
            ("x-hub-signature-256", "sha256="),
            None,
            github_like(),
            GITHUB_URLS,
        ),
        case(
            "Gitea",
            // As Gitea sends it: with the headers of those that it resembles.
            &[
                ("x-github-event", "push"),
                ("x-gogs-event", "push"),
                ("x-gitea-event", "push"),
            ],
            ("x-gitea-signature", ""),
            None,
            github_like(),
            GITHUB_URLS,
        ),
        case(
            "Gitea",
            &[("x-forgejo-event", "push")],
            ("x-forgejo-signature", ""),
            None,
            github_like(),
            GITHUB_URLS,
        ),
        case(
            "Gitea",
            &[("x-gogs-event", "create")],
            ("x-gogs-signature", ""),
            None,
            github_like(),
            GITHUB_URLS,
        ),
        case(
            "GitLab",
            &[("x-gitlab-event", "Push Hook")],
            ("x-gitlab-token", ""),
            Some(SECRET),
            json!({"object_kind": "push", "project": {"web_url": "https://lab.example.com/a/b", "git_ssh_url": "git@lab.example.com:a/b.git", "git_http_url": "https://lab.example.com/a/b.git"}}),
            &[
                "https://lab.example.com/a/b",
                "https://lab.example.com/a/b.git",
                "git@lab.example.com:a/b.git",
            ],
        ),
        case(
            "GitLab",
            &[("x-gitlab-event", "System Hook")],
            ("x-gitlab-token", ""),
            Some(SECRET),
            json!({"event_name": "push", "repository": {"homepage": "https://lab.example.com/a/b"}}),
            &["https://lab.example.com/a/b"],
        ),
        case(
            "Bitbucket",
            &[("x-event-key", "repo:push"), ("x-hook-uuid", "1")],
            ("x-hub-signature", "sha256="),
            None,
            json!({"push": {"changes": []}, "repository": {"links": {"html": {"href": "https://bitbucket.org/team/app"}}}}),
            &["https://bitbucket.org/team/app"],
        ),
        case(
            "Bitbucket",
            &[("x-event-key", "repo:refs_changed")],
            ("x-hub-signature", "sha256="),
            None,
            json!({"repository": {"links": {"clone": [{"href": "ssh://git@bb.example.com:7999/team/app.git"}, {"name": "http"}, {"href": "https://bb.example.com/scm/team/app.git"}]}}}),
            &[
                "ssh://git@bb.example.com:7999/team/app.git",
                "https://bb.example.com/scm/team/app.git",
            ],
        ),
        case(
            "Azure DevOps",
            &[("x-vss-activityid", "0")],
            ("authorization", ""),
            // jason:golden fleece
            Some("Basic amFzb246Z29sZGVuIGZsZWVjZQ=="),
            json!({"eventType": "git.push", "resource": {"repository": {"remoteUrl": "https://dev.azure.com/org/shop/_git/web"}}}),
            &["https://dev.azure.com/org/shop/_git/web"],
        ),
        case(
            "generic",
            &[],
            ("x-hub-signature-256", "sha256="),
            None,
            json!({"repository": "https://git.example.com/x", "revision": "main"}),
            &["https://git.example.com/x"],
        ),
        case(
            "generic",
            &[],
            ("authorization", ""),
            Some("Bearer golden fleece"),
            json!({"repository": "https://git.example.com/x"}),
            &["https://git.example.com/x"],
        ),
    ]
}

#[test]
fn every_sender_is_understood_with_and_without_proof() {
    for case in cases() {
        let body = case.body.to_string().into_bytes();
        let proof = case.proof(&body);
        let event = Event {
            sender: case.sender,
            repositories: case.urls.iter().map(|url| (*url).to_owned()).collect(),
            trusted: true,
        };
        let given = case.headers(&proof);
        assert_eq!(read(&given, &body, &secrets()), Ok(event.clone()));
        // Without a secret here the proof proves nothing, and is not needed.
        let anybody = Event {
            trusted: false,
            ..event
        };
        assert_eq!(
            read(&given, &body, &Secrets::default()),
            Ok(anybody.clone())
        );
        assert_eq!(
            read(&case.headers(""), &body, &Secrets::default()),
            Ok(anybody)
        );
    }
}

#[test]
fn no_proof_and_a_wrong_proof_are_refused() {
    for case in cases() {
        let body = case.body.to_string().into_bytes();
        let proof = case.proof(&body);
        let unproven = |headers: &HeaderMap, body: &[u8]| {
            let result = read(headers, body, &secrets());
            let Err(Refusal::Unproven { sender, reason }) = result else {
                panic!("{}: {result:?}", case.sender)
            };
            assert_eq!(sender, case.sender);
            assert!(!reason.contains(SECRET), "{reason}");
        };
        unproven(&case.headers(""), &body);
        for wrong in [
            "x",
            "sha256=",
            "sha1=00",
            &proof[..proof.len() - 1],
            &format!("{proof}00"),
            &format!("sha256={}", hmac("another", &body)),
            "Bearer another",
            "Basic YTpi",
            "Basic amFzb24=",
            "Basic %",
            &"é".repeat(64),
        ] {
            unproven(&case.headers(wrong), &body);
        }
        if case.value.is_none() {
            let mut changed = body.clone();
            changed.push(b' ');
            unproven(&case.headers(&proof), &changed);
            // Capital digits are digits.
            let capital = format!("{}{}", case.signature.1, hmac(SECRET, &body).to_uppercase());
            assert!(read(&case.headers(&capital), &body, &secrets()).is_ok());
        }
    }
}

/// The example of GitHub's documentation on validating deliveries, and case 2 of RFC 4231.
#[test]
fn signatures_are_those_of_known_vectors() {
    for (secret, body, digits) in [
        (
            "It's a Secret to Everybody",
            "Hello, World!",
            "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        ),
        (
            "Jefe",
            "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
    ] {
        let secret = Secret::from(secret.to_owned());
        for value in [digits.to_owned(), format!("sha256={digits}")] {
            let headers = headers(&[("x-hub-signature-256", &value)]);
            let check = |body: &[u8]| {
                proof::signed(&headers, &["x-hub-signature-256"], body, &secret).is_ok()
            };
            assert!(check(body.as_bytes()));
            assert!(!check(b"something else"));
        }
    }
}

#[test]
fn other_events_ask_for_nothing() {
    let body = b"{\"zen\": \"Keep it simple.\"}";
    for mark in [
        ("x-github-event", "ping"),
        ("x-gitea-event", "issues"),
        ("x-gitlab-event", "Note Hook"),
        ("x-gitlab-event", "System Hook"),
        ("x-event-key", "diagnostics:ping"),
        ("x-vss-activityid", "1"),
    ] {
        let event = read(&headers(&[mark]), body, &Secrets::default()).expect("an event");
        assert_eq!(event.repositories, Vec::<String>::new(), "{mark:?}");
    }
    // Bitbucket does not sign its test.
    let ping = headers(&[("x-event-key", "diagnostics:ping")]);
    let event = read(&ping, b"{\"test\": true}", &secrets()).expect("an event");
    assert!(!event.trusted);
}

#[test]
fn what_is_no_event_is_told() {
    let none = Secrets::default();
    let push = headers(&[("x-github-event", "push")]);
    for body in [
        "null",
        "7",
        "[]",
        "{}",
        "{\"repository\": null}",
        "{\"repository\": []}",
        "{\"repository\": {\"html_url\": null, \"clone_url\": 7}}",
        "{\"repository\": {\"html_url\": \"\"}}",
    ] {
        assert_eq!(
            read(&push, body.as_bytes(), &none),
            Err(Refusal::NoRepository("GitHub"))
        );
        assert_eq!(
            read(&HeaderMap::new(), body.as_bytes(), &none),
            Err(Refusal::Unknown)
        );
    }
    let deep = "[".repeat(100_000);
    for body in ["", "{", "payload=%7B%7D", "\u{0}", &deep] {
        let refusal = read(&push, body.as_bytes(), &none).expect_err("no JSON");
        assert!(matches!(refusal, Refusal::NotJson { .. }), "{refusal}");
    }
}

#[test]
fn urls_are_few_and_short() {
    let long = format!("https://git.example.com/{}", "x".repeat(MAX_URL_BYTES));
    let mut clone = vec![json!({"href": long})];
    clone.extend((0..100).map(|n| json!({"href": format!("https://git.example.com/{n}")})));
    let body = json!({"repository": {"links": {"clone": clone}}}).to_string();
    let headers = headers(&[("x-event-key", "repo:push")]);
    let event = read(&headers, body.as_bytes(), &Secrets::default()).expect("an event");
    assert_eq!(event.repositories.len(), MAX_URLS - 1);
    assert_eq!(event.repositories[0], "https://git.example.com/0");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    // Objects use the names that are looked for.
    let name = prop_oneof![
        Just("repository".to_owned()),
        Just("project".to_owned()),
        Just("resource".to_owned()),
        Just("links".to_owned()),
        Just("clone".to_owned()),
        Just("href".to_owned()),
        Just("html_url".to_owned()),
        Just("remoteUrl".to_owned()),
        Just("eventType".to_owned()),
        Just("event_name".to_owned()),
        ".{0,8}",
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((name.clone(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn any_headers() -> impl Strategy<Value = HeaderMap> {
    let names = prop_oneof![
        Just("x-github-event"),
        Just("x-gitea-event"),
        Just("x-gitlab-event"),
        Just("x-event-key"),
        Just("x-vss-activityid"),
        Just("x-hub-signature-256"),
        Just("x-hub-signature"),
        Just("x-gitea-signature"),
        Just("x-gitlab-token"),
        Just("authorization"),
    ];
    let values = prop_oneof![
        Just(b"push".to_vec()),
        Just(b"Push Hook".to_vec()),
        Just(b"repo:push".to_vec()),
        Just(b"Basic YTpi".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..80),
    ];
    proptest::collection::vec((names, values), 0..5).prop_map(|pairs| {
        pairs
            .into_iter()
            .filter_map(|(name, value)| {
                let value = HeaderValue::from_bytes(&value).ok()?;
                Some((HeaderName::from_static(name), value))
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn bytes_never_panic(headers in any_headers(), body in proptest::collection::vec(any::<u8>(), 0..200)) {
        for secrets in [secrets(), Secrets::default()] {
            if let Ok(event) = read(&headers, &body, &secrets) {
                prop_assert!(event.repositories.len() <= MAX_URLS);
            }
        }
    }

    #[test]
    fn json_never_panics(headers in any_headers(), body in any_json()) {
        let body = body.to_string().into_bytes();
        if let Ok(event) = read(&headers, &body, &Secrets::default()) {
            prop_assert!(!event.trusted && event.repositories.len() <= MAX_URLS);
            for url in &event.repositories {
                // What is named is taken apart later.
                let _place = tiphys_reconciler::source::place(url);
            }
        }
        let event = read(&headers, &body, &secrets());
        prop_assert!(!event.is_ok_and(|event| event.trusted));
    }
}
