//! Paths with slashes: `base`, `dir`, `clean`, `ext`, `isAbs`, and the same for the file system of the usual machines.

use tiphys_template::{Functions, Signature, Value};

use super::{BOOL, STRING};

pub fn define(functions: &mut Functions) {
    const ONE: Signature = Signature::new(&[STRING], STRING);
    for name in ["base", "osBase"] {
        functions.define(name, ONE, |_, a| Ok(Value::string(base(a.text(0)?))));
    }
    for name in ["dir", "osDir"] {
        functions.define(name, ONE, |_, a| {
            let path = a.text(0)?;
            let end = path
                .iter()
                .rposition(|byte| *byte == b'/')
                .map_or(0, |at| at + 1);
            Ok(Value::string(clean(&path[..end])))
        });
    }
    for name in ["clean", "osClean"] {
        functions.define(name, ONE, |_, a| Ok(Value::string(clean(a.text(0)?))));
    }
    for name in ["ext", "osExt"] {
        functions.define(name, ONE, |_, a| {
            let path = a.text(0)?;
            let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
            let at = name.iter().rposition(|byte| *byte == b'.');
            Ok(Value::string(at.map_or(&[][..], |at| &name[at..])))
        });
    }
    for name in ["isAbs", "osIsAbs"] {
        functions.define(name, Signature::new(&[STRING], BOOL), |_, a| {
            Ok(a.text(0)?.starts_with(b"/").into())
        });
    }
}

fn base(path: &[u8]) -> &[u8] {
    if path.is_empty() {
        return b".";
    }
    let end = path
        .iter()
        .rposition(|byte| *byte != b'/')
        .map_or(0, |at| at + 1);
    if end == 0 {
        return b"/";
    }
    path[..end]
        .rsplit(|byte| *byte == b'/')
        .next()
        .unwrap_or_default()
}

/// The shortest path that means the same: no `.`, no doubled slash, no `..` that can be resolved.
fn clean(path: &[u8]) -> Vec<u8> {
    let rooted = path.starts_with(b"/");
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| *last != b"..") => {
                parts.pop();
            }
            b".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join(&b'/');
    match (rooted, joined.is_empty()) {
        (true, _) => [b"/", &joined[..]].concat(),
        (false, true) => b".".to_vec(),
        (false, false) => joined,
    }
}
