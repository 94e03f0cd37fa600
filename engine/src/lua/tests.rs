//! What scripts can do, what they cannot, and how they are stopped.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

fn run(text: &str) -> Result<Value, LuaError> {
    let object = json!({"kind": "Thing", "status": {"replicas": 3, "ratio": 0.5, "list": [1, "two", null, true], "empty": {}}});
    Script::compile(text, Limits::default())?.run(
        &object,
        &[("size".to_owned(), json!("4"))],
        now(),
    )
}

fn check(text: &str, expected: Value) {
    assert_eq!(run(text), Ok(expected), "{text}");
}

#[test]
fn what_a_script_sees() {
    check("return obj.kind", json!("Thing"));
    check("return obj.status.replicas", json!(3));
    check("return obj.status.replicas / 2", json!(1.5));
    check(
        "return 'n=' .. obj.status.replicas .. ' ' .. 10 / 2",
        json!("n=3 5"),
    );
    check("return obj.status.list", json!([1, "two", null, true]));
    check(
        "return obj.status.list[3] == nil and obj.status.list[4]",
        json!(true),
    );
    check("return obj.status.empty", json!([]));
    check("return actionParams.size + 1", json!(5));
    check("return os.time()", json!(1_700_000_000));
    check(
        "return os.time({year = '2024', month = 3, day = 1, hour = 0})",
        json!(1_709_251_200),
    );
    check(
        "return os.time({year = 2024, month = 14, day = 1, hour = 0}) - os.time({year = 2025, month = 2, day = 1, hour = 0})",
        json!(0),
    );
    check(
        "return os.date('!%Y-%m-%dT%H:%M:%SZ')",
        json!("2023-11-14T22:13:20Z"),
    );
    check("return os.date('!*t').year", json!(2023));
    check("return os.date('!%Y', 0)", json!("1970"));
}

#[test]
fn the_language_of_old_scripts() {
    check("return table.getn({1, 2, 3})", json!(3));
    check("return {unpack({1, 2, 3}, 2)}", json!([2, 3]));
    check(
        "local r = {} for i = 1, 3 do if i == 2 then goto continue end r[#r + 1] = i ::continue:: end return r",
        json!([1, 3]),
    );
    check(
        "local t = {3, 1, 2} table.sort(t) return t",
        json!([1, 2, 3]),
    );
    check(
        "local t = {3, 1, 2} table.sort(t, function(a, b) return a > b end) return t",
        json!([3, 2, 1]),
    );
    check(
        "local t = {1, 3} table.insert(t, 2, 2) table.insert(t, 4) return t",
        json!([1, 2, 3, 4]),
    );
    check(
        "local t = {1, 2, 3} local x = table.remove(t, 1) return {x, table.remove(t), #t}",
        json!([1, 3, 1]),
    );
    check("return table.concat({1, 2, 3}, ', ')", json!("1, 2, 3"));
    check(
        "local os = require('os') return os.time()",
        json!(1_700_000_000),
    );
    check(
        "local ok, message = pcall(function() error('bad', 0) end) return {ok, message}",
        json!([false, "bad"]),
    );
    check(
        "return ({pcall(function(a) return a + 1 end, 1)})[2]",
        json!(2),
    );
    check("x = 1 function f() return x + 1 end return f()", json!(2));
    check(
        "return getmetatable('') == false and ('x'):rep(3)",
        json!("xxx"),
    );
    check(
        "local t = setmetatable({}, {__index = function(_, k) return k .. '!' end}) return t.a",
        json!("a!"),
    );
    check(
        "return string.format('%d/%s/%.2f', 3, 'x', 0.5)",
        json!("3/x/0.50"),
    );
    check("return math.floor(2.7) + math.max(1, 2)", json!(4));
    check(
        "return tostring(nil) .. tostring(true) .. type({})",
        json!("niltruetable"),
    );
}

#[test]
fn patterns() {
    check("return {('hello world'):find('wor')}", json!([7, 9]));
    check("return {('a.b'):find('.', 2, true)}", json!([2, 2]));
    check(
        "return {('key = value'):match('^(%w+)%s*=%s*(%w+)$')}",
        json!(["key", "value"]),
    );
    check(
        "return {string.match('2024-03-01T10:20:30Z', '(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)Z')}",
        json!(["2024", "03", "01", "10", "20", "30"]),
    );
    check("return ('hello'):gsub('l', {l = 'L'})", json!("heLLo"));
    check(
        "return (('hello'):gsub('l+', function(x) return #x end))",
        json!("he2o"),
    );
    check("return (('abc'):gsub('(%w)', '%1%1'))", json!("aabbcc"));
    check("return (('abc'):gsub('', '-'))", json!("-a-b-c-"));
    check(
        "return (('hello world'):gsub('o', '0', 1))",
        json!("hell0 world"),
    );
    check(
        "local r = {} for k, v in ('a=1, b=2'):gmatch('(%w+)=(%w+)') do r[#r + 1] = k .. v end return r",
        json!(["a1", "b2"]),
    );
    check("return ('f(a(b)c)d'):match('%b()')", json!("(a(b)c)"));
    check(
        "return ('THE (quick) fox'):find('%f[%a]%a+%f[%A]')",
        json!(1),
    );
    check("return ('[[x]]'):match('[]]+')", json!("]]"));
    check("return ('a-b'):match('[a%-]+')", json!("a-"));
    check("return ('xyz'):match('x(.-)z()')", json!("y"));
    check("return ('aXb'):match('%l%u%l')", json!("aXb"));
    check("return ('abab'):match('(ab)%1')", json!("ab"));
    check("return ('abc'):find('b', -2)", json!(2));
    check(
        "return ('abc'):find('x') == nil and ('abc'):find('a', 10) == nil",
        json!(true),
    );
    check("return ('aaa'):match('a?a?a?aaa')", json!("aaa"));
    for (text, expected) in [
        ("return ('a'):match('(a')", "unfinished capture"),
        ("return ('a'):match('a)')", "invalid pattern capture"),
        ("return ('a'):match('[a')", "missing ']'"),
        ("return ('a'):match('%')", "ends with '%'"),
        ("return ('a'):match('%f')", "missing '['"),
        ("return ('a'):match('%b')", "missing arguments"),
        ("return ('a'):match('%1')", "invalid capture index"),
    ] {
        let error = run(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn there_is_no_way_out() {
    for name in [
        "io",
        "package",
        "debug",
        "coroutine",
        "bit32",
        "load",
        "loadstring",
        "loadfile",
        "dofile",
        "collectgarbage",
        "module",
        "newproxy",
        "setfenv",
        "getfenv",
        "xpcall",
        "rawlen",
        "os.execute",
        "os.getenv",
        "os.remove",
        "os.exit",
        "os.clock",
        "string.dump",
        "math.random",
        "math.randomseed",
    ] {
        check(&format!("return {name} == nil"), json!(true));
    }
    assert!(
        run("require('io')")
            .unwrap_err()
            .to_string()
            .contains("module 'io' is not available")
    );
    assert!(matches!(
        Script::compile("\u{1b}Lua", Limits::default()),
        Err(LuaError::Syntax(_))
    ));
}

#[test]
fn a_run_leaves_nothing_behind() {
    let script = Script::compile(
        "local before = tostring(seen) .. tostring(string.seen) .. tostring(math.seen) seen = 1 string.seen = 1 math.seen = 1 string.find = nil return before",
        Limits::default(),
    );
    let script = script.unwrap();
    for _ in 0..3 {
        assert_eq!(script.run(&json!({}), &[], now()), Ok(json!("nilnilnil")));
    }
}

#[test]
fn limits() {
    let steps = Err(LuaError::Steps(200_000));
    for text in [
        "while true do end",
        "local function f() return f() end return f()",
        "while true do pcall(function() while true do end end) end",
        "pcall(function() while true do end end) return 1",
        "for i = 1, 1e18 do end",
        "local t = {} while true do t[#t + 1] = {} end",
        "local t = {} for i = 1, 7000 do t[i] = 1 end while true do unpack(t) end",
        "local s = ('1'):rep(7000) while true do s:byte(1, -1) end",
        "local s = ('1'):rep(500000) while true do tonumber(s) end",
        "return (('a'):rep(40)):match(('a?'):rep(40) .. ('a'):rep(40))",
        "return (('a'):rep(100000)):match('(.-)(.-)(.-)(.-)(.-)b')",
        "local s = ('('):rep(50000) return s:find('%b()')",
        "local s = ('x'):rep(1000000) while true do s:find('y', 1, true) end",
        "local t = {} for i = 1, 20000 do t[i] = i end while true do table.insert(t, 1, 0) table.remove(t, 1) end",
        "local t = {} for i = 1, 50000 do t[i] = i % 7 end table.sort(t) return 1",
        "return setmetatable({}, {__index = function(t, k) return t[k .. 'x'] end}).a",
    ] {
        let found = run(text);
        // Some of these find the end of the C stack or of the memory first.
        let stopped = found == steps
            || matches!(&found, Err(LuaError::Memory(_)))
            || matches!(&found, Err(LuaError::Failed(message)) if message.contains("overflow"));
        assert!(stopped, "{text}: {found:?}");
    }
    let memory = Err(LuaError::Memory(2 << 20));
    for text in [
        "local t = 'x' while true do t = t .. t end",
        "local function f() return 1 + f() end return f()",
        "pcall(function() local t = 'x' while true do t = t .. t end end) return 1",
        "local s = ('x'):rep(1000000) for i = 1, 100 do local t = s .. i end",
        "local t = {} for i = 1, 100 do t[i] = ('x'):rep(1000000) .. i end",
    ] {
        assert_eq!(run(text), memory, "{text}");
    }
    for (text, expected) in [
        ("return ('x'):rep(1e9)", "no text longer than"),
        (
            "return ('x'):rep(1000):gsub('x', ('x'):rep(2000))",
            "no text longer than",
        ),
        (
            &format!("return {}1{}", "(".repeat(500), ")".repeat(500)),
            "cannot be compiled",
        ),
        ("local t = {} t.t = t return t", "nested deeper than 64"),
        ("return function() end", "a function is no JSON value"),
        ("return {[1.5] = 1}", "neither a list nor an object"),
        ("return 0/0", "no JSON number"),
    ] {
        let error = run(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
    assert_eq!(
        Script::compile(&" ".repeat(300_000), Limits::default()).map(|_| ()),
        Err(LuaError::TooLong(256 << 10))
    );
}

#[test]
fn a_script_that_was_stopped_runs_again() {
    let script = Script::compile(
        "if obj.stop then while true do end end return 'fine'",
        Limits::default(),
    )
    .unwrap();
    for _ in 0..2 {
        assert_eq!(
            script.run(&json!({"stop": true}), &[], now()),
            Err(LuaError::Steps(200_000))
        );
        assert_eq!(script.run(&json!({}), &[], now()), Ok(json!("fine")));
    }
}

#[test]
fn a_large_object_has_room() {
    let list: Vec<Value> = (0..20_000)
        .map(|index| json!({"type": format!("t{index}"), "status": "True", "n": index}))
        .collect();
    let script = Script::compile("return #obj.list", Limits::default()).unwrap();
    assert_eq!(
        script.run(&json!({"list": list}), &[], now()),
        Ok(json!(20_000))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Our matcher never fails but with an error, whatever the pattern.
    #[test]
    fn no_pattern_is_too_strange(text in "[ab()%\\-]{0,12}", pattern in "[ab%\\[\\]()^$.*+?\\-1-3bfw]{0,12}") {
        for call in ["find", "match", "gsub", "gmatch"] {
            let source = format!("local r = string.{call}(actionParams.text, actionParams.pattern, '') return type(r)");
            let parameters = [("text".to_owned(), json!(text)), ("pattern".to_owned(), json!(pattern))];
            let result = Script::compile(&source, Limits::default()).unwrap().run(&json!({}), &parameters, now());
            prop_assert!(!matches!(result, Err(LuaError::Memory(_) | LuaError::Syntax(_))), "{result:?}");
        }
    }

    /// Whatever is given as a script ends.
    #[test]
    fn no_script_is_too_strange(text in "[\\PC]{0,60}") {
        let _ = run(&text);
    }
}
