//! Indexes, good and bad.

use std::sync::atomic::AtomicUsize;

use super::*;

#[derive(Default)]
struct Found(Vec<(String, Vec<Listed>)>);

impl Sink for Found {
    fn chart(&mut self, name: &str) -> Result<(), IndexError> {
        self.0.push((name.to_owned(), Vec::new()));
        Ok(())
    }
    fn version(&mut self, listed: Listed) -> Result<(), IndexError> {
        if let Some((_, versions)) = self.0.last_mut() {
            versions.push(listed);
        }
        Ok(())
    }
}

fn found(text: &str, limits: IndexLimits) -> Result<Vec<(String, Vec<Listed>)>, String> {
    let mut found = Found::default();
    read(text.as_bytes(), limits, &AtomicBool::new(false), &mut found)
        .map_err(|error| error.to_string())?;
    Ok(found.0)
}

fn shown(text: &str) -> Result<String, String> {
    Ok(found(text, IndexLimits::default())?
        .iter()
        .flat_map(|(name, versions)| {
            versions.iter().map(move |v| {
                let digest = v.digest.get(..4).unwrap_or("-");
                format!("{name} {} {digest} {}", v.version, v.urls.join(","))
            })
        })
        .collect::<Vec<_>>()
        .join("; "))
}

#[test]
fn yaml_and_json_say_the_same() {
    let digest = "ab".repeat(32);
    let yaml = format!(
        "# made by hand\napiVersion: v1\nentries:\n  web:\n  - version: 1.0.0\n    name: web\n    digest: {digest}\n    urls:\n    - web-1.0.0.tgz\n    maintainers:\n    - name: somebody\n  - version: '1.1'\n    urls: [a.tgz, \"b.tgz\"]\n    description: |\n      entries:\n        - version: 9\n  none:\n  empty: []\n  äöü:\n  - {{version: v2.0.0, urls: [x], digest: 'sha256:{digest}'}}\ngenerated: \"2026-01-01T00:00:00Z\"\n"
    );
    let json = format!(
        r#" {{"apiVersion":"v1","entries":{{"web":[{{"version":"1.0.0","name":"web","digest":"{digest}","urls":["web-1.0.0.tgz"],"maintainers":[{{"name":"x"}}]}},{{"version":"1.1","urls":["a.tgz","b.tgz"]}}],"none":null,"empty":[],"äöü":[{{"version":"v2.0.0","urls":["x"],"digest":"sha256:{digest}"}}]}},"generated":"x \ud83d\ude00"}}"#
    );
    let expected = "web 1.0.0 abab web-1.0.0.tgz; web 1.1 - a.tgz,b.tgz; äöü v2.0.0 abab x";
    assert_eq!(shown(&yaml).as_deref(), Ok(expected));
    assert_eq!(shown(&json).as_deref(), Ok(expected));
}

#[test]
fn entries_that_are_none_are_passed_over() {
    for text in [
        "apiVersion: v1\nentries:\n  a:\n  -\n  - version: what\n  - name: a\n  - text\n  - [x]\n  - version: 1.0.0\n    urls: [x]\n    digest: short\n",
        r#"{"apiVersion":"v1","entries":{"a":[null,{"version":"what"},{"name":"a"},{"version":"1.0.0","urls":["x"],"digest":"short"}]}}"#,
    ] {
        assert_eq!(shown(text).as_deref(), Ok("a 1.0.0 - x"), "{text}");
    }
}

#[test]
fn what_is_no_index_says_why() {
    for (text, expected) in [
        ("", "it is empty"),
        ("   \n", "it is empty"),
        ("<html></html>", "it is no mapping"),
        ("- a\n- b\n", "it is no mapping"),
        ("a: b\n", "names neither"),
        ("entries: {}\n", "no API version"),
        ("{\"entries\":{}}", "no API version"),
        ("{\"apiVersion\":\"v1\",", "cannot be read"),
        ("apiVersion: v1\nentries:\n  a: [\n", "cannot be read"),
        (
            "apiVersion: v1\nentries:\n  a: &x\n  - version: 1.0.0\n  b: *x\n",
            "aliases",
        ),
    ] {
        let error = shown(text).unwrap_err();
        assert!(error.contains(expected), "{text:?}: {error}");
    }
    let mut none = Found::default();
    let error = read(
        b"apiVersion: v1\nx: \xff\xff\n".as_slice(),
        IndexLimits::default(),
        &AtomicBool::new(false),
        &mut none,
    );
    assert!(error.unwrap_err().to_string().contains("UTF-8"));
}

#[test]
fn every_limit_is_named() {
    let limits = IndexLimits {
        bytes: 400_000,
        entry_bytes: 70_000,
        charts: 3,
        versions: 4,
        depth: 8,
    };
    let long = "x".repeat(80_000);
    let head = "apiVersion: v1\nentries:\n";
    let many = |n: usize, line: &str| line.repeat(n);
    for (text, expected) in [
        (
            format!("{head}  a:\n  - version: 1.0.0\n    description: {long}\n"),
            "70000 bytes in one entry of chart \"a\"",
        ),
        (
            format!("{head}  {long}:\n  - version: 1.0.0\n"),
            "70000 bytes in one entry",
        ),
        (
            format!("{head}  a:\n{}", many(5, "  - version: 1.0.0\n")),
            "4 versions of chart \"a\"",
        ),
        (format!("{head}  a:\n  b:\n  c:\n  d:\n"), "3 charts"),
        (
            format!("{head}  a:\n  - x: {}\n", "[".repeat(20)),
            "8 levels",
        ),
        (
            format!(
                "{head}  a:\n  - x: [{}]\n",
                (0..1200).map(|n| format!("&a{n} b,")).collect::<String>()
            ),
            "1000 anchors",
        ),
        (
            format!("{head}  a:\n  - x: [{}]\n", "y,".repeat(40_000)),
            "70000 bytes in one entry",
        ),
        (
            format!(
                "apiVersion: v1\n{}",
                many(20_000, "x: 'a text of some length'\n")
            ),
            "400000 bytes",
        ),
        (
            format!("apiVersion: v1\n#{}\n", "c".repeat(80_000)),
            "70000 bytes",
        ),
        (
            format!(
                "{{\"apiVersion\":\"v1\",\"entries\":{{\"a\":[{{\"version\":\"{long}{long}\"}}]}}}}"
            ),
            "70000 bytes in one entry",
        ),
        (
            "{\"apiVersion\":\"v1\",\"entries\":{\"a\":[{},{},{},{},{}]}}".to_owned(),
            "4 versions",
        ),
        (
            "{\"apiVersion\":\"v1\",\"entries\":{\"a\":[],\"b\":[],\"c\":[],\"d\":[]}}".to_owned(),
            "3 charts",
        ),
        (
            format!("{{\"apiVersion\":\"v1\",\"x\":{}", "[".repeat(200)),
            "cannot be read",
        ),
    ] {
        let error = found(&text, limits).unwrap_err();
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

/// An index of any size that is never in memory.
struct Endless {
    left: u64,
    entry: usize,
    buffer: Vec<u8>,
    at: usize,
}

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.buffer.len() {
            if self.left == 0 {
                return Ok(0);
            }
            self.entry += 1;
            let (chart, version) = (self.entry / 100, self.entry % 100);
            let mut text = if version == 0 || self.entry == 1 {
                format!("  chart-{chart}:\n")
            } else {
                String::new()
            };
            if self.entry == 1 {
                text.insert_str(0, "apiVersion: v1\nentries:\n");
            }
            text += &format!(
                "  - version: 1.{version}.0\n    digest: {}\n    description: |\n      {}\n    urls:\n    - https://example.com/chart-{chart}-1.{version}.0.tgz\n",
                "0".repeat(64),
                "something about the chart ".repeat(150)
            );
            self.left = self.left.saturating_sub(text.len() as u64);
            (self.buffer, self.at) = (text.into_bytes(), 0);
        }
        let count = out.len().min(self.buffer.len() - self.at);
        out[..count].copy_from_slice(&self.buffer[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

struct Counting(AtomicUsize);

impl Sink for Counting {
    fn chart(&mut self, _name: &str) -> Result<(), IndexError> {
        Ok(())
    }
    fn version(&mut self, _listed: Listed) -> Result<(), IndexError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Most memory that this process has held, in KiB, where the system tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Set in the process that reads alone: memory is the whole process's, and other tests use some.
const ALONE: &str = "TIPHYS_TEST_READS_AN_INDEX_ALONE";

#[test]
fn a_hundred_megabytes_are_streamed() {
    if std::env::var_os(ALONE).is_none() {
        let itself = std::env::current_exe().unwrap();
        let outcome = std::process::Command::new(itself)
            .args([
                "--exact",
                "source::charts::index::tests::a_hundred_megabytes_are_streamed",
                "--nocapture",
            ])
            .env(ALONE, "1")
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&outcome.stdout);
        assert!(
            outcome.status.success() && printed.contains("1 passed"),
            "{printed}{}",
            String::from_utf8_lossy(&outcome.stderr)
        );
        return;
    }
    let input = Endless {
        left: 100 << 20,
        entry: 0,
        buffer: Vec::new(),
        at: 0,
    };
    let before = peak();
    let mut counting = Counting(AtomicUsize::new(0));
    read(
        input,
        IndexLimits::default(),
        &AtomicBool::new(false),
        &mut counting,
    )
    .unwrap();
    assert!(counting.0.load(Ordering::Relaxed) > 20_000);
    if let (Some(before), Some(after)) = (before, peak()) {
        println!("{} KiB more", after - before);
        assert!(after - before < 24 << 10, "{} KiB more", after - before);
    }
}

#[test]
fn reading_stops_when_nobody_waits() {
    let input = Endless {
        left: u64::MAX,
        entry: 0,
        buffer: Vec::new(),
        at: 0,
    };
    let stopped = AtomicBool::new(true);
    let mut counting = Counting(AtomicUsize::new(0));
    let error = read(input, IndexLimits::default(), &stopped, &mut counting).unwrap_err();
    assert!(matches!(error, IndexError::Stopped), "{error}");
}
