//! The engine of templates against Go's `text/template`: output and error text of each case, byte for byte.

mod cases;
mod data;
mod functions;
mod generated;

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::sync::Arc;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};
use tiphys_template::{CycleGuard, Limits, MissingKey, Session, Templates};

/// A set of templates and what to execute with what.
#[derive(Clone, Debug)]
pub struct Case {
    /// Names and texts, in the order of parsing.
    pub templates: Vec<(String, Vec<u8>)>,
    /// The template to execute.
    pub execute: String,
    /// The data, see [`data`].
    pub data: Json,
    /// `missingkey`.
    pub missing_key: MissingKey,
}

/// What a case gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What was written until the end or the error.
    pub output: Vec<u8>,
    /// The error's text, or nothing.
    pub error: String,
}

impl Case {
    /// One template.
    fn new(text: impl AsRef<[u8]>, data: Json) -> Self {
        Self {
            templates: vec![("t".to_owned(), text.as_ref().to_vec())],
            execute: "t".to_owned(),
            data,
            missing_key: MissingKey::Invalid,
        }
    }

    fn with_missing_key(mut self, missing_key: MissingKey) -> Self {
        self.missing_key = missing_key;
        self
    }

    fn option(&self) -> &'static str {
        match self.missing_key {
            MissingKey::Invalid => "missingkey=default",
            MissingKey::Zero => "missingkey=zero",
            MissingKey::Error => "missingkey=error",
        }
    }

    fn line(&self) -> String {
        let templates: Vec<Json> = self
            .templates
            .iter()
            .map(|(name, text)| json!({"name": name, "text": STANDARD.encode(text)}))
            .collect();
        json!({
            "templates": templates,
            "execute": self.execute,
            "data": self.data,
            "options": [self.option()],
        })
        .to_string()
    }

    /// What Tiphys makes of it.
    fn ours(&self) -> Answer {
        let _guard = CycleGuard::new();
        let mut set =
            Templates::new("root", functions::functions()).with_missing_key(self.missing_key);
        for (name, text) in &self.templates {
            if let Err(error) = set.parse(name, text.as_slice()) {
                return Answer {
                    output: Vec::new(),
                    error: error.to_string(),
                };
            }
        }
        let mut session = Session::new(Arc::new(set), Limits::default(), Rc::new(()));
        let mut output = Vec::new();
        let data = data::decode(&self.data);
        let error = session
            .execute_into(&self.execute, &data, &mut output)
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        Answer { output, error }
    }
}

/// What Go makes of cases, in their order.
fn answers_of_go(cases: &[Case]) -> Result<Vec<Answer>> {
    let program = tiphys_testbed::peers::gotemplate(&mut |line: &str| eprintln!("{line}"))?;
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().context("no input")?;
    let output = BufReader::new(child.stdout.take().context("no output")?);
    let lines: Vec<String> = cases.iter().map(Case::line).collect();
    let writer = std::thread::spawn(move || -> std::io::Result<()> {
        for line in lines {
            input.write_all(line.as_bytes())?;
            input.write_all(b"\n")?;
        }
        Ok(())
    });
    let mut answers = Vec::new();
    for line in output.lines() {
        let answer: Json = serde_json::from_str(&line?)?;
        answers.push(Answer {
            output: STANDARD.decode(answer["output"].as_str().unwrap_or_default())?,
            error: answer["error"].as_str().unwrap_or_default().to_owned(),
        });
    }
    child.wait()?;
    writer
        .join()
        .map_err(|_| anyhow::anyhow!("the writer died"))??;
    Ok(answers)
}

/// Pointers inside of containers are printed as addresses, which mean nothing: all become the same.
fn without_addresses(answer: &Answer) -> Answer {
    Answer {
        output: without_addresses_in(&answer.output),
        error: String::from_utf8_lossy(&without_addresses_in(answer.error.as_bytes())).into_owned(),
    }
}

fn without_addresses_in(text: &[u8]) -> Vec<u8> {
    const START: &[u8] = b"0x";
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, tail)) = rest.split_first() {
        let digits = rest.strip_prefix(START).map(|after| {
            after
                .iter()
                .take_while(|byte| byte.is_ascii_hexdigit())
                .count()
        });
        match digits {
            Some(digits @ 8..) => {
                out.extend_from_slice(b"ADDRESS");
                rest = &rest[START.len() + digits..];
            }
            _ => {
                out.push(first);
                rest = tail;
            }
        }
    }
    out
}

/// Fails with the first cases that differ.
fn compare(cases: &[Case]) {
    let answers = match answers_of_go(cases) {
        Ok(answers) => answers,
        Err(error) => panic!("{error:#}"),
    };
    assert_eq!(answers.len(), cases.len(), "an answer for each case");
    let mut differing = 0;
    for (case, go) in cases.iter().zip(&answers) {
        let ours = case.ours();
        if without_addresses(&ours) == without_addresses(go) {
            continue;
        }
        differing += 1;
        if differing <= 20 {
            for (name, text) in &case.templates {
                eprintln!("{name}: {}", String::from_utf8_lossy(text));
            }
            eprintln!(
                "  {} data {}\n  Go:     {:?} {}\n  Tiphys: {:?} {}\n",
                case.option(),
                case.data,
                String::from_utf8_lossy(&go.output),
                go.error,
                String::from_utf8_lossy(&ours.output),
                ours.error
            );
        }
    }
    assert_eq!(differing, 0, "of {} cases", cases.len());
}

#[test]
fn hand_written_cases() {
    compare(&cases::all());
}

#[test]
fn formats_of_every_value() {
    compare(&cases::formats());
}

#[test]
fn generated_templates() {
    compare(&generated::templates(3_000));
}

#[test]
fn mutated_templates() {
    compare(&generated::mutations(&cases::all(), 4));
}
