//! What needs no cluster: size, start, memory, lists, writes.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::json;
use tiphys_storage::{Database, Txn};
use tiphys_testbed::ports;
use tiphys_testbed::tiphys::{Options, Tiphys};

use crate::http::Connection;

pub struct Row {
    pub what: &'static str,
    pub measured: String,
    pub beside: String,
    pub ratio: String,
    pub aim: &'static str,
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub fn milliseconds(from: Instant) -> f64 {
    from.elapsed().as_secs_f64() * 1000.0
}

fn plain(what: &'static str, measured: String, aim: &'static str) -> Row {
    Row {
        what,
        measured,
        beside: String::new(),
        ratio: String::new(),
        aim,
    }
}

pub fn binary_size(binary: &Path) -> Result<Row> {
    let bytes = std::fs::metadata(binary)?.len();
    Ok(plain(
        "size of the binary",
        format!("{:.1} MB", bytes as f64 / 1e6),
        "< 60 MB",
    ))
}

/// Ends the process when the measurement fails, too.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _status = self.0.wait();
    }
}

fn start(options: &Options) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..9 {
        let port = ports::free()?;
        let from = Instant::now();
        let _server = Guard(
            options
                .command(port)
                .stderr(Stdio::null())
                .stdout(Stdio::null())
                .spawn()?,
        );
        loop {
            if let Ok(mut connection) = Connection::open(port, "")
                && connection.send("GET", "/api/version", "").is_ok()
            {
                break;
            }
            anyhow::ensure!(
                from.elapsed() < Duration::from_secs(30),
                "the server does not start"
            );
            std::thread::sleep(Duration::from_micros(300));
        }
        times.push(milliseconds(from));
    }
    Ok(median(times))
}

pub fn resident(id: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .context("no memory figure")?;
    let kilobytes: f64 = line
        .split_whitespace()
        .next()
        .context("no memory figure")?
        .parse()?;
    Ok(kilobytes / 1000.0)
}

fn application(name: &str) -> String {
    json!({
        "metadata": {"name": name},
        "spec": {
            "project": "default",
            "source": {"repoURL": "https://127.0.0.1:9/nothing.git", "path": "app", "targetRevision": "main"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": name},
        },
    })
    .to_string()
}

pub fn without_cluster(binary: &Path, folder: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let empty = Options::new(binary, &folder.join("empty"));
    Tiphys::start(empty.clone())?.stop();
    rows.push(plain(
        "start to first answer, empty store",
        format!("{:.0} ms", start(&empty)?),
        "< 50 ms",
    ));
    let mut idle = Tiphys::start(empty)?;
    // Idle is what is left when the start is over.
    std::thread::sleep(Duration::from_secs(2));
    rows.push(plain(
        "memory, idle",
        format!("{:.1} MB", resident(idle.id())?),
        "< 30 MB",
    ));
    idle.stop();

    let mut options = Options::new(binary, &folder.join("many"));
    // Nothing here is about Git: one look at the unreachable repository is enough.
    options.poll_interval = 3600;
    let mut tiphys = Tiphys::start(options.clone())?;
    let token = tiphys.admin()?.token().unwrap_or_default().to_owned();
    let port: u16 = tiphys
        .url()
        .rsplit(':')
        .next()
        .context("no port")?
        .parse()?;
    let mut connection = Connection::open(port, &token)?;
    let path = "/api/v1/applications?validate=false";
    let from = Instant::now();
    for n in 0..1000 {
        connection.send("POST", path, &application(&format!("first-{n}")))?;
    }
    let alone = 1000.0 / from.elapsed().as_secs_f64();
    rows.extend(lists(port, &token)?);
    rows.push(write(&mut connection, folder)?);
    let from = Instant::now();
    std::thread::scope(|scope| -> Result<()> {
        let token = &token;
        let mut threads = Vec::new();
        for thread in 0..8 {
            threads.push(scope.spawn(move || -> Result<()> {
                let mut connection = Connection::open(port, token)?;
                for n in 0..1100 {
                    connection.send("POST", path, &application(&format!("more-{thread}-{n}")))?;
                }
                Ok(())
            }));
        }
        threads.into_iter().try_for_each(|thread| {
            thread
                .join()
                .map_err(|_| anyhow::anyhow!("a client ended"))?
        })
    })?;
    let together = 8.0 * 1100.0 / from.elapsed().as_secs_f64();
    rows.push(Row {
        what: "creating applications, 8 clients",
        measured: format!("{together:.0}/s"),
        beside: format!("{alone:.0}/s, one client"),
        ratio: format!("{:.1}", together / alone),
        aim: "",
    });
    rows.push(grouped(folder)?);
    tiphys.stop();
    rows.push(plain(
        "start to first answer, 10,000 applications stored",
        format!("{:.0} ms", start(&options)?),
        "< 500 ms",
    ));
    Ok(rows)
}

/// Requests a second, for so many connections.
fn throughput(port: u16, token: &str, path: &str, connections: usize) -> Result<f64> {
    let rounds = 40;
    let mut opened: Vec<Connection> = (0..connections)
        .map(|_| Connection::open(port, token))
        .collect::<Result<_>>()?;
    for connection in &mut opened {
        connection.send("GET", path, "")?;
    }
    let from = Instant::now();
    std::thread::scope(|scope| -> Result<()> {
        let threads: Vec<_> = opened
            .into_iter()
            .map(|mut connection| {
                scope.spawn(move || -> Result<()> {
                    for _ in 0..rounds {
                        connection.send("GET", path, "")?;
                    }
                    Ok(())
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| {
            thread
                .join()
                .map_err(|_| anyhow::anyhow!("a client ended"))?
        })
    })?;
    Ok((rounds * connections) as f64 / from.elapsed().as_secs_f64())
}

/// The list, beside a server of the same framework that sends bytes of the same size that were made before: a process of its own, too.
fn lists(port: u16, token: &str) -> Result<Vec<Row>> {
    let size = Connection::open(port, token)?.send("GET", "/api/v1/applications", "")?;
    // It ends with its standard input.
    let mut prebuilt = Command::new(std::env::current_exe()?)
        .args(["-", "--prebuilt", &size.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    let out = prebuilt.stdout.take().context("no output")?;
    BufReader::new(out).read_line(&mut line)?;
    let beside = line.trim().parse()?;
    let mut rows = Vec::new();
    for (connections, what) in [
        (1, "`GET /applications`, 1,000 applications, 1 connection"),
        (8, "`GET /applications`, 1,000 applications, 8 connections"),
    ] {
        let mut ours = Vec::new();
        let mut theirs = Vec::new();
        for _ in 0..5 {
            ours.push(throughput(
                port,
                token,
                "/api/v1/applications",
                connections,
            )?);
            theirs.push(throughput(beside, token, "/list", connections)?);
        }
        let (ours, theirs) = (median(ours), median(theirs));
        rows.push(Row {
            what,
            measured: format!("{ours:.0}/s"),
            beside: format!("{theirs:.0}/s, prebuilt bytes"),
            ratio: format!("{:.2}", ours / theirs),
            aim: "≥ 0.5",
        });
    }
    drop(prebuilt.stdin.take());
    prebuilt.wait()?;
    Ok(rows)
}

/// Durable commits of such payloads by many writers at once, beside the same one after the other.
fn grouped(folder: &Path) -> Result<Row> {
    const WRITERS: usize = 32;
    let store = tiphys_storage_sqlite::SqliteStore::open(&folder.join("grouped"))?;
    let database = Database::new(Arc::new(store))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let put = async |n: usize| {
        let body = application(&format!("committed-{n}"));
        let txn = Txn::new().put(format!("k{n}"), body.into_bytes());
        database.commit(txn).await
    };
    let mut rates = Vec::new();
    for (first, count, writers) in [(0, 500, 1), (500, 5000, WRITERS)] {
        let from = Instant::now();
        runtime.block_on(async {
            let commits = futures::stream::iter((first..first + count).map(put));
            commits
                .buffer_unordered(writers)
                .try_for_each(async |_| Ok(()))
                .await
        })?;
        rates.push(count as f64 / from.elapsed().as_secs_f64());
    }
    let (alone, together) = (rates[0], rates[1]);
    Ok(Row {
        what: "durable commits of 32 writers at once",
        measured: format!("{together:.0}/s"),
        beside: format!("{alone:.0}/s, one after the other"),
        ratio: format!("{:.1}", together / alone),
        aim: "> 1: commits are grouped",
    })
}

/// A write request, beside a durable commit of SQLite of the same payload on the same disk.
fn write(connection: &mut Connection, folder: &Path) -> Result<Row> {
    let raw = rusqlite::Connection::open(folder.join("raw.db"))?;
    raw.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (k TEXT PRIMARY KEY, v BLOB);")?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for n in 0..200 {
        let body = application(&format!("written-{n}"));
        let from = Instant::now();
        connection.send("POST", "/api/v1/applications?validate=false", &body)?;
        ours.push(milliseconds(from));
        let from = Instant::now();
        raw.execute(
            "INSERT INTO t VALUES (?1, ?2)",
            (format!("k{n}"), body.as_bytes()),
        )?;
        theirs.push(milliseconds(from));
    }
    let (ours, theirs) = (median(ours), median(theirs));
    Ok(Row {
        what: "creating an application (`validate=false`)",
        measured: format!("{ours:.2} ms"),
        beside: format!("{theirs:.2} ms, one commit of SQLite"),
        ratio: format!("{:.1}", ours / theirs),
        aim: "≤ 1.5",
    })
}
