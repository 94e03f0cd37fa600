//! The test binary started again, to run one test's other half in a process of its own.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// Holds the directory that the child works in; its presence makes a test its own other half.
const VARIABLE: &str = "TIPHYS_CONFORMANCE_CHILD";
/// Begins every line that a child says to its parent, among the lines of the test harness.
const MARK: &str = "\nconformance> ";

/// The directory to work in, if this process is a child.
pub(super) fn directory() -> Option<PathBuf> {
    env::var_os(VARIABLE).map(PathBuf::from)
}

/// A child that runs the test of this name, to be started by `wrapper` (a program with arguments) if that is not empty.
pub(super) fn command(wrapper: &[&str], test: &str, directory: &Path) -> Command {
    let program = env::current_exe().expect("a test knows its own program");
    let mut command = match wrapper {
        [] => Command::new(program),
        [first, rest @ ..] => {
            let mut command = Command::new(first);
            command.args(rest).arg(program);
            command
        }
    };
    command
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(VARIABLE, directory);
    command
}

/// Says a line to the parent.
pub(super) fn say(line: &str) {
    use std::io::Write;
    let mut output = std::io::stdout().lock();
    output
        .write_all(format!("{MARK}{line}\n").as_bytes())
        .and_then(|()| output.flush())
        .expect("the parent listens");
}

/// What a line of a child's output says, if it was said to the parent.
pub(super) fn said(line: &str) -> Option<&str> {
    line.strip_prefix(MARK.trim_start())
}

/// Runs a child to its end, and answers what it said. `None`, with the reason on standard error, if it never spoke.
pub(super) fn run(mut command: Command, what: &str) -> Option<Vec<String>> {
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => {
            skip(what, &format!("{:?}: {error}", command.get_program()));
            return None;
        }
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: Vec<String> = text.lines().filter_map(said).map(str::to_owned).collect();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if lines.is_empty() {
        skip(what, errors.trim());
        return None;
    }
    assert!(
        output.status.success(),
        "{what}: the child failed after {:?}:\n{text}\n{errors}",
        lines.last()
    );
    Some(lines)
}

/// Says that a check was skipped. Printed past the harness, which hides what passing tests print.
pub(super) fn skip(what: &str, reason: &str) {
    use std::io::Write;
    let line = format!("SKIPPED {what}: {reason}\n");
    let _unheard = std::io::stderr().write_all(line.as_bytes());
}
