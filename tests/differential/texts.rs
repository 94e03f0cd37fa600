//! Replacements inside generated YAML texts of a `ConfigMap`, with comments, anchors, tags, blocks and further documents anywhere: the
//! same text as Kustomize writes, byte for byte, and failures where it fails.

use std::fmt::Write as _;

use anyhow::Result;
use serde_json::json;

use crate::patches::{Dice, Files, by_kustomize, by_tiphys};

/// A text, and the field of it that gets a value.
struct Case {
    text: String,
    path: String,
    value: &'static str,
    create: bool,
}

const KEYS: [&str; 5] = ["a", "b", "c", "d", "e"];
const SCALARS: [&str; 22] = [
    "1",
    "x",
    "two words",
    "\"q\"",
    "'it''s'",
    "true",
    "null",
    "~",
    "",
    "2020-01-01",
    "0x1f",
    "http://a:80/x",
    "a#b",
    "\"a\\nb\"",
    "[]",
    "{}",
    "[a, 'b', {c: \"d\"}]",
    "{a: [1, 2], \"b\": x}",
    "!!str 1",
    "!own x",
    "&n x",
    "&m {k: v}",
];
const BLOCKS: [&str; 7] = ["|", ">", "|-", ">-", "|+", ">+", "| # why"];
const TEXTS: [&str; 5] = ["text", "more text here", "  in", "# no comment", ""];
const VALUES: [&str; 8] = [
    "new", "8080", "true", "x: y", "one\ntwo", "", " lead", "# h",
];
const TOPS: [&str; 8] = [
    "",
    "",
    "# top\n\n",
    "# top\n",
    "---\n",
    "# before\n---\n",
    "%YAML 1.1\n---\n",
    "--- # why\n",
];
const ENDS: [&str; 9] = [
    "",
    "",
    "\n",
    "# end\n",
    "\n# end\n",
    "---\na: 2\n",
    "# end\n---\na: 2\n",
    "...\n",
    "...\n# after\n",
];

/// Writes random YAML.
struct Writer<'a> {
    dice: &'a mut Dice,
    text: String,
}

impl Writer<'_> {
    fn line(&mut self, indent: usize, text: &str) {
        let _ = writeln!(self.text, "{:indent$}{text}", "");
    }

    /// Comments and empty lines before an entry.
    fn noise(&mut self, indent: usize) {
        match self.dice.below(22) {
            0 | 1 => self.line(indent, "# head"),
            2 => self.line(0, ""),
            3 => ["# one", "", "# two"]
                .iter()
                .for_each(|line| self.line(indent, line)),
            4 => {
                let odd = self.dice.of(&[0, 1, 2, 3, 4, 6]);
                self.line(odd, "# odd");
            }
            5 => ["", "# below"]
                .iter()
                .for_each(|line| self.line(indent, line)),
            6 => ["# above", ""]
                .iter()
                .for_each(|line| self.line(indent, line)),
            7 => ["", "# both", ""]
                .iter()
                .for_each(|line| self.line(indent, line)),
            _ => {}
        }
    }

    fn behind(&mut self) -> &'static str {
        self.dice.of(&["", "", "", "", " # why"])
    }

    /// A scalar behind what stands before it.
    fn scalar(&mut self, indent: usize, before: &str) {
        if self.dice.percent(20) {
            let block = self.dice.of(&BLOCKS);
            self.line(indent, &format!("{before} {block}"));
            for _ in 0..=self.dice.below(3) {
                let line = self.dice.of(&TEXTS);
                self.line(if line.is_empty() { 0 } else { indent + 2 }, line);
            }
            return;
        }
        let scalar = match self.dice.below(30) {
            0 if self.text.contains("&n ") => "*n",
            1 if self.text.contains("&m ") => "*m",
            _ => self.dice.of(&SCALARS),
        };
        let behind = self.behind();
        self.line(indent, &format!("{before} {scalar}{behind}"));
    }

    fn entries(&mut self, indent: usize, depth: usize) {
        let is_list = self.dice.percent(35);
        let mut keys = KEYS.to_vec();
        for _ in 0..=self.dice.below(3) {
            self.noise(indent);
            let before = if is_list {
                "-".to_owned()
            } else {
                let at = self.dice.below(keys.len());
                format!("{}:", keys.remove(at))
            };
            if depth == 0 || self.dice.percent(45) {
                self.scalar(indent, &before);
                continue;
            }
            let behind = self.behind();
            self.line(indent, &format!("{before}{behind}"));
            let step = self.dice.of(&[2, 2, 4, 1]);
            self.entries(indent + step, depth - 1);
        }
        if self.dice.percent(10) {
            self.line(indent, "# foot");
        }
    }
}

fn case(dice: &mut Dice) -> Case {
    let text = dice.of(&TOPS).to_owned();
    let mut writer = Writer { dice, text };
    writer.entries(0, 3);
    let mut text = writer.text;
    text.push_str(dice.of(&ENDS));
    if dice.percent(20) {
        text.truncate(text.trim_end().len());
    }
    let first = |line: &str| {
        KEYS.iter()
            .find(|key| line.starts_with(&format!("{key}:")))
            .copied()
    };
    let first = text.lines().find_map(first).unwrap_or("0");
    let path = match dice.below(8) {
        0 => format!("{first}.{}", dice.of(&KEYS)),
        1 => format!("{first}.{}", dice.of(&["0", "*", "[a=x]", "[=x]"])),
        _ => first.to_owned(),
    };
    Case {
        text,
        path,
        value: dice.of(&VALUES),
        create: dice.percent(30),
    }
}

fn overlay(cases: &[Case]) -> Files {
    let mut objects = String::new();
    let mut replacements = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let name = format!("n{number}");
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name},
            "data": {"text": case.text}});
        let _ = writeln!(objects, "---\n{object}");
        replacements.push(json!({"sourceValue": case.value, "targets": [{"select": {"name": name},
            "fieldPaths": [format!("data.text.{}", case.path)], "options": {"create": case.create}}]}));
    }
    let kustomization = json!({"resources": ["objects.yaml"], "replacements": replacements});
    Files::from([
        ("objects.yaml".to_owned(), objects),
        ("kustomization.yaml".to_owned(), kustomization.to_string()),
    ])
}

/// Compares cases that Tiphys takes in one build; when that differs, in halves.
fn compare(cases: &[Case], found: &mut String) -> Result<()> {
    let files = overlay(cases);
    let (theirs, ours) = (by_kustomize(&files)?, by_tiphys(&files)?);
    if let (Ok(theirs), Ok(ours)) = (&theirs, &ours)
        && theirs == ours
    {
        return Ok(());
    }
    if let [Case { text, path, .. }] = cases {
        writeln!(
            found,
            "{path} of\n{text}\n  kustomize {theirs:?}\n  tiphys    {ours:?}"
        )?;
        return Ok(());
    }
    let (first, second) = cases.split_at(cases.len() / 2);
    compare(first, found)?;
    compare(second, found)
}

#[test]
fn values_are_put_into_texts_as_by_kustomize() -> Result<()> {
    const CASES: usize = 500;
    const REFUSED: usize = 60;
    let mut dice = Dice::new(0x7465_7874);
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for _ in 0..CASES {
        let case = [case(&mut dice)];
        let built = by_tiphys(&overlay(&case))?;
        let list = if built.is_ok() {
            &mut taken
        } else {
            &mut refused
        };
        list.extend(case);
    }
    let mut found = String::new();
    for cases in taken.chunks(100) {
        compare(cases, &mut found)?;
    }
    for case in refused.iter().take(REFUSED) {
        if by_kustomize(&overlay(std::slice::from_ref(case)))?.is_ok() {
            writeln!(found, "only Tiphys refuses {} of\n{}", case.path, case.text)?;
        }
    }
    assert!(taken.len() > CASES / 2, "only {} were taken", taken.len());
    assert!(found.is_empty(), "{found}");
    Ok(())
}
