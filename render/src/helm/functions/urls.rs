//! `urlParse` and `urlJoin`, after Go's `net/url`.

use tiphys_template::{FunctionError, Functions, Map, Signature, Value};

use super::{MAP, NIL_POINTER, STRING};

mod url;

use url::{Url, UserInfo};

pub fn define(functions: &mut Functions) {
    functions.define("urlParse", Signature::new(&[STRING], MAP), |_, a| {
        let text = a.text(0)?.to_string_lossy();
        let url = Url::parse(&text).map_err(|error| format!("unable to parse url: {error}"))?;
        let userinfo = url
            .user
            .as_ref()
            .map_or_else(String::new, UserInfo::to_text);
        Ok(Value::map([
            ("scheme", url.scheme.clone().into()),
            ("host", url.host.clone().into()),
            ("hostname", url.hostname().into()),
            ("path", Value::string(url.path)),
            ("query", url.query.into()),
            ("opaque", url.opaque.into()),
            ("fragment", Value::string(url.fragment)),
            ("userinfo", userinfo.into()),
        ]))
    });
    functions.define("urlJoin", Signature::new(&[MAP], STRING), |_, a| {
        let map = a.map(0)?;
        let mut url = Url {
            scheme: part(map, "scheme")?,
            host: part(map, "host")?,
            path: part(map, "path")?.into_bytes(),
            query: part(map, "query")?,
            opaque: part(map, "opaque")?,
            fragment: part(map, "fragment")?.into_bytes(),
            ..Url::default()
        };
        let userinfo = part(map, "userinfo")?;
        if !userinfo.is_empty() {
            url.user = Url::parse(&format!("proto://{userinfo}@host"))
                .map_err(|error| format!("unable to parse userinfo in dict: {error}"))?
                .user;
        }
        Ok(url.to_text().into())
    });
}

/// A part of the URL, which has to be a string when it is there.
fn part(map: &Map, key: &str) -> Result<String, FunctionError> {
    match map.get(key) {
        None => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.to_string()),
        Some(Value::Nil) => Err(NIL_POINTER.into()),
        Some(other) => Err(FunctionError::new(format!(
            "unable to parse {key} key, must be of type string, but {} found",
            other.go_type().kind_name()
        ))),
    }
}
