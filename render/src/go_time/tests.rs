//! Layouts, durations and zones against what Go prints.

use super::{Duration, Moment, Zone, parse};

fn moment(unix: i64) -> Moment {
    Moment::from_unix(unix, 123_456_789, Zone::utc())
}

#[test]
fn layouts_are_go_s() {
    let at = moment(1_700_000_000);
    let check = |layout: &str, expected: &str| assert_eq!(at.format(layout), expected, "{layout}");
    check("2006-01-02T15:04:05Z07:00", "2023-11-14T22:13:20Z");
    check(
        "Mon Jan _2 03:04:05PM MST 2006",
        "Tue Nov 14 10:13:20PM UTC 2023",
    );
    check(
        "January Monday Jany _2006 002 __2",
        "November Tuesday Jany _2023 318 318",
    );
    check(
        "15h04 .000 .999999999 ,000000000000",
        "22h13 .123 .123456789 ,123456789000",
    );
    check(
        "1/2/06 3:4:5 pm -07 -0700 -07:00:00",
        "11/14/23 10:13:20 pm +00 +0000 +00:00:00",
    );
    check("plain text", "plain text");
    let new_york = at.within(Zone::load("America/New_York").expect("a zone"));
    assert_eq!(new_york.format("15:04 MST -0700"), "17:13 EST -0500");
    assert_eq!(Zone::load("No/Where"), None);
    assert_eq!(Moment::zero().to_string(), "0001-01-01 00:00:00 +0000 UTC");
}

#[test]
fn text_is_read_back() {
    let check = |layout: &str, text: &str, unix: i64| {
        let read = parse(layout, text, &Zone::local()).expect(text);
        assert_eq!(read.unix(), unix, "{text}");
    };
    check("2006-01-02", "2023-11-14", 1_699_920_000);
    check(
        "2006-01-02T15:04:05Z07:00",
        "2023-11-14T22:13:20.5+01:00",
        1_699_996_400,
    );
    check("2006 002", "2024 060", 1_709_164_800);
    check("Jan _2 2006 3PM", "nov  4 2023 12AM", 1_699_056_000);
    let error = |layout: &str, text: &str| {
        parse(layout, text, &Zone::local())
            .expect_err(text)
            .to_string()
    };
    assert_eq!(
        error("2006-01-02", "zzz"),
        r#"parsing time "zzz" as "2006-01-02": cannot parse "zzz" as "2006""#
    );
    assert_eq!(
        error("2006-01-02", "2023-02-30"),
        r#"parsing time "2023-02-30": day out of range"#
    );
    assert_eq!(
        error("2006-01", "2023-13"),
        r#"parsing time "2023-13": month out of range"#
    );
    assert_eq!(
        error("2006", "2023x"),
        r#"parsing time "2023x": extra text: "x""#
    );
}

#[test]
fn durations_are_go_s() {
    let check = |text: &str, expected: &str| {
        assert_eq!(
            Duration::parse(text).expect(text).to_string(),
            expected,
            "{text}"
        );
    };
    check("1.5h", "1h30m0s");
    check("-90s", "-1m30s");
    check("1500us", "1.5ms");
    check("0", "0s");
    check("1h0.000000001s", "1h0m0.000000001s");
    check("9223372036854775807ns", "2562047h47m16.854775807s");
    for wrong in [
        "",
        "1",
        "h",
        ".s",
        "1x",
        "9223372036854775808ns",
        "3000000h",
    ] {
        assert!(Duration::parse(wrong).is_err(), "{wrong}");
    }
    assert_eq!(
        Duration::parse("1d").expect_err("no unit").to_string(),
        r#"time: unknown unit "d" in duration "1d""#
    );
    assert_eq!(
        Duration(1_500_000_000).round(Duration::SECOND),
        Duration(2_000_000_000)
    );
}
