//! The planner against cases in files, and against properties that hold for all of them.

#[path = "planner/case.rs"]
mod case;
#[path = "planner/cluster.rs"]
mod cluster;
#[path = "planner/property.rs"]
mod property;

#[path = "planner/speed.rs"]
mod speed;

use std::fs;
use std::path::Path;

/// Every file of a folder is a case: what is given, and from the first line that begins with `---` what comes out.
/// `UPDATE_CASES=1` writes that.
fn check_cases(folder: &str, least: usize, outcome: impl Fn(&case::Case) -> String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cases")
        .join(folder);
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("a case").path())
        .collect();
    paths.sort();
    assert!(paths.len() >= least, "cases are missing from {folder:?}");
    let mut wrong = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).expect("a readable case");
        let given = &text[..text.find("---").expect("an outcome")];
        let actual = format!("{given}{}", outcome(&case::parse(given)));
        if actual != text {
            if std::env::var_os("UPDATE_CASES").is_some() {
                fs::write(&path, &actual).expect("a writable case");
            }
            wrong.push(format!("{}:\n{actual}", path.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} cases came out differently:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn cases_of_synchronisations() {
    check_cases("sync", 50, |case| {
        let plan = cluster::Simulation::new(case).plan();
        let trace = cluster::Simulation::new(case).run();
        format!("--- plan\n{plan}--- trace\n{trace}")
    });
}

#[test]
fn cases_of_deletions() {
    check_cases("delete", 12, |case| {
        let mut simulation = cluster::Simulation::new(case);
        let trace = simulation.run_deletion();
        format!(
            "--- trace\n{trace}--- remaining\n{}",
            simulation.remaining()
        )
    });
}
