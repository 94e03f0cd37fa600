//! The library as a whole: what is offered, what hostile arguments meet, and what comes of a seed. Values are compared with
//! Helm's in the differential suite.

use std::rc::Rc;
use std::sync::Arc;

use tiphys_template::{Limits, Session, Templates, Value};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{Environment, Seeded, functions};
use crate::go_time::{Moment, Zone};

fn render_with(seed: u8, template: &str) -> Result<String, (String, bool)> {
    let mut templates = Templates::new("gotpl", Arc::new(functions()));
    templates
        .parse("case", template)
        .map_err(|error| (error.to_string(), false))?;
    let now = Moment::from_unix(1_700_000_000, 0, Zone::local());
    let environment = Rc::new(Environment::new(now, Seeded::new([seed; 32])));
    let limits = Limits {
        value_bytes: 1 << 20,
        ..Limits::default()
    };
    let out = Session::new(Arc::new(templates), limits, environment)
        .execute("case", &Value::Nil)
        .map_err(|error| (error.to_string(), error.is_limit()))?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn render(template: &str) -> String {
    render_with(1, template).unwrap_or_else(|(error, _)| panic!("{template}: {error}"))
}

#[test]
fn the_environment_of_the_machine_is_not_offered() {
    let all = functions();
    for absent in ["env", "expandenv"] {
        assert!(all.get(absent).is_none(), "{absent}");
    }
    assert!(all.names().count() > 200);
}

#[test]
fn hostile_arguments_meet_limits() {
    for template in [
        r#"{{ repeat 1000000000 "x" }}"#,
        r#"{{ indent 1000000000 "x" }}"#,
        r#"{{ nindent 2000000000 "x" }}"#,
        r"{{ until 9000000000 }}",
        r"{{ untilStep 0 9000000000000000000 1 }}",
        r"{{ seq 1 9000000000 }}",
        r"{{ randAlphaNum 2000000000 }}",
        r"{{ randBytes 2000000000 }}",
        r#"{{ $x := repeat 1000 "a" }}{{ replace "" (repeat 10000 "b") $x }}"#,
        r#"{{ regexReplaceAll "" (repeat 1000 "a") (repeat 10000 "b") }}"#,
        r#"{{ regexMatch "((a{100}){100}){100}" "a" }}"#,
        r#"{{ regexMatch (repeat 20000 "a") "a" }}"#,
        r#"{{ wrapWith 1 (repeat 10000 "b") (repeat 1000 "a") }}"#,
        r#"{{ $m := dict }}{{ $_ := set $m "m" $m }}{{ toYaml $m }}"#,
        r#"{{ $m := dict }}{{ $_ := set $m "m" $m }}{{ toJson $m }}"#,
        r#"{{ $m := dict }}{{ $_ := set $m "m" $m }}{{ deepCopy $m }}"#,
        r#"{{ $m := dict "k" 1 }}{{ $n := dict "k" 1 }}{{ $_ := set $m "m" $m }}{{ $_ := set $n "m" $n }}{{ deepEqual $m $n }}"#,
        r"{{ range until 100000 }}{{ $_ := bcrypt `x` }}{{ end }}",
        r"{{ $x := 1e300 }}{{ mulf $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x }}",
    ] {
        match render_with(1, template) {
            Err((error, true)) => assert!(error.contains("limit"), "{template}: {error}"),
            other => panic!("{template}: {other:?}"),
        }
    }
}

#[test]
fn randomness_follows_from_the_seed() {
    let template =
        r#"{{ randAlphaNum 20 }} {{ uuidv4 }} {{ randInt 0 1000000 }} {{ (genCA "x" 1).Cert }}"#;
    assert_eq!(render_with(3, template), render_with(3, template));
    assert_ne!(render_with(3, template), render_with(4, template));
}

#[test]
fn certificates_name_what_they_are_for() {
    let out = render(
        r#"{{ $ca := genCA "my-ca" 365 }}{{ $c := genSignedCert "leaf" (list "10.0.0.1" "::1") (list "a.b" "*.c") 30 $ca }}{{ $ca.Cert }}{{ $c.Cert }}"#,
    );
    let certificates = pem::parse_many(out).expect("PEM");
    let [authority, leaf] = &certificates[..] else {
        panic!("two certificates");
    };
    let (rest, authority) = X509Certificate::from_der(authority.contents()).expect("DER");
    assert!(rest.is_empty() && authority.is_ca());
    let (rest, leaf) = X509Certificate::from_der(leaf.contents()).expect("DER");
    assert!(rest.is_empty() && !leaf.is_ca());
    assert_eq!(leaf.issuer(), authority.subject());
    assert_eq!(leaf.subject().to_string(), "CN=leaf");
    assert_eq!(leaf.validity().not_before.timestamp(), 1_700_000_000);
    assert_eq!(
        leaf.validity().not_after.timestamp(),
        1_700_000_000 + 30 * 86_400
    );
    let names = leaf
        .subject_alternative_name()
        .expect("valid")
        .expect("there");
    assert_eq!(names.value.general_names.len(), 4);
}

#[test]
fn keys_of_every_kind_are_read_back() {
    for kind in ["ecdsa", "ed25519"] {
        let template = format!(
            r#"{{{{ $k := genPrivateKey "{kind}" }}}}{{{{ $c := genSelfSignedCertWithKey "n" nil (list "h") 1 $k }}}}{{{{ eq $c.Key $k }}}} {{{{ (buildCustomCert (b64enc $c.Cert) (b64enc $k)).Key | eq $k }}}}"#
        );
        assert_eq!(render(&template), "true true", "{kind}");
    }
    assert_eq!(render(r#"{{ genPrivateKey "x" }}"#), "Unknown type x");
}
