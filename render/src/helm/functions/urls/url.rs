//! A URL in its parts, as Go cuts and joins it.

use std::net::Ipv6Addr;

/// The parts of a URL; path and fragment without escapes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Url {
    pub scheme: String,
    pub opaque: String,
    pub user: Option<UserInfo>,
    pub host: String,
    pub path: Vec<u8>,
    pub query: String,
    pub fragment: Vec<u8>,
}

/// Name and password of a URL, without escapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserInfo {
    name: Vec<u8>,
    password: Option<Vec<u8>>,
}

/// Which part of a URL is escaped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    User,
    Host,
    Zone,
    Fragment,
}

fn is_escaped(byte: u8, part: Part) -> bool {
    if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
        return false;
    }
    match part {
        Part::Host | Part::Zone => !br#"!$&'()*+,;=:[]<>""#.contains(&byte),
        Part::Path => !b"$&+,/:;=@".contains(&byte),
        Part::User => !b"$&+,;=".contains(&byte),
        Part::Fragment => !b"$&+,/:;=?@!()*".contains(&byte),
    }
}

fn escape(bytes: &[u8], part: Part) -> String {
    let mut out = String::new();
    for byte in bytes {
        if is_escaped(*byte, part) {
            out.push_str(&format!("%{byte:02X}"));
        } else {
            out.push(char::from(*byte));
        }
    }
    out
}

fn unescape(text: &str, part: Part) -> Result<Vec<u8>, String> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte != b'%' {
            if matches!(part, Part::Host | Part::Zone) && byte.is_ascii() && is_escaped(byte, part)
            {
                let shown = super::super::text::quoted(&[byte]);
                return Err(format!("invalid character {shown} in host name"));
            }
            out.push(byte);
            at += 1;
            continue;
        }
        let shown = String::from_utf8_lossy(&bytes[at..bytes.len().min(at + 3)]).into_owned();
        let wrong = || {
            format!(
                "invalid URL escape {}",
                super::super::text::quoted(shown.as_bytes())
            )
        };
        let hexadecimal = bytes
            .get(at + 1)
            .zip(bytes.get(at + 2))
            .and_then(|(high, low)| {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
            });
        let value = hexadecimal.ok_or_else(wrong)?;
        let percent = shown == "%25";
        if part == Part::Host && value < 0x80 && !percent
            || part == Part::Zone && !percent && value != b' ' && is_escaped(value, Part::Host)
        {
            return Err(wrong());
        }
        out.push(value);
        at += 3;
    }
    Ok(out)
}

impl UserInfo {
    /// The text before `@`.
    pub fn to_text(&self) -> String {
        let name = escape(&self.name, Part::User);
        match &self.password {
            Some(password) => format!("{name}:{}", escape(password, Part::User)),
            None => name,
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
        if !text.bytes().all(fine) {
            return Err("net/url: invalid userinfo".to_owned());
        }
        let (name, password) = match text.split_once(':') {
            Some((name, password)) => (name, Some(password)),
            None => (text, None),
        };
        Ok(Self {
            name: unescape(name, Part::User)?,
            password: password
                .map(|password| unescape(password, Part::User))
                .transpose()?,
        })
    }
}

impl Url {
    /// Cuts a URL into its parts.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (before, fragment) = text.split_once('#').unwrap_or((text, ""));
        let failed = |text: &str, error: String| {
            format!(
                "parse {}: {error}",
                super::super::text::quoted(text.as_bytes())
            )
        };
        let mut url = Self::parse_before_fragment(before).map_err(|error| failed(before, error))?;
        url.fragment = unescape(fragment, Part::Fragment).map_err(|error| failed(text, error))?;
        Ok(url)
    }

    fn parse_before_fragment(text: &str) -> Result<Self, String> {
        if text.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        let mut url = Self::default();
        if text == "*" {
            url.path = b"*".to_vec();
            return Ok(url);
        }
        let (scheme, rest) = scheme(text)?;
        url.scheme = scheme.to_lowercase();
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        query.clone_into(&mut url.query);
        if !rest.starts_with('/') {
            if !url.scheme.is_empty() {
                rest.clone_into(&mut url.opaque);
                return Ok(url);
            }
            if rest
                .split('/')
                .next()
                .is_some_and(|segment| segment.contains(':'))
            {
                return Err("first path segment in URL cannot contain colon".to_owned());
            }
        }
        let mut path = rest;
        if (!url.scheme.is_empty() || !rest.starts_with("///"))
            && let Some(after) = rest.strip_prefix("//")
        {
            let end = after.find('/').unwrap_or(after.len());
            url.parse_authority(&after[..end])?;
            path = &after[end..];
        }
        url.path = unescape(path, Part::Path)?;
        Ok(url)
    }

    fn parse_authority(&mut self, text: &str) -> Result<(), String> {
        let (user, host) = match text.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, text),
        };
        self.host = parse_host(&self.scheme, host)?;
        self.user = user.map(UserInfo::parse).transpose()?;
        Ok(())
    }

    /// The host without port and brackets.
    pub fn hostname(&self) -> String {
        let mut host = self.host.as_str();
        if let Some(at) = host.rfind(':')
            && is_port(&host[at..])
        {
            host = &host[..at];
        }
        let inner = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        inner.unwrap_or(host).to_owned()
    }

    /// The URL as one text.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        if !self.scheme.is_empty() {
            out.push_str(&self.scheme);
            out.push(':');
        }
        if self.opaque.is_empty() {
            self.write_hierarchy(&mut out);
        } else {
            out.push_str(&self.opaque);
        }
        if !self.query.is_empty() {
            out.push('?');
            out.push_str(&self.query);
        }
        if !self.fragment.is_empty() {
            out.push('#');
            out.push_str(&escape(&self.fragment, Part::Fragment));
        }
        out
    }

    fn write_hierarchy(&self, out: &mut String) {
        if !self.host.is_empty()
            || self.user.is_some()
            || !self.scheme.is_empty() && !self.path.is_empty()
        {
            out.push_str("//");
        }
        if let Some(user) = &self.user {
            out.push_str(&user.to_text());
            out.push('@');
        }
        out.push_str(&escape(self.host.as_bytes(), Part::Host));
        let path = if self.path == b"*" {
            "*".to_owned()
        } else {
            escape(&self.path, Part::Path)
        };
        if !path.is_empty() && !path.starts_with('/') && !self.host.is_empty() {
            out.push('/');
        }
        if out.is_empty()
            && path
                .split('/')
                .next()
                .is_some_and(|segment| segment.contains(':'))
        {
            out.push_str("./");
        }
        out.push_str(&path);
    }
}

fn scheme(text: &str) -> Result<(&str, &str), String> {
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok((&text[..at], &text[at + 1..])),
            _ => break,
        }
    }
    Ok(("", text))
}

/// Nothing, or a colon and digits.
fn is_port(text: &str) -> bool {
    match text.strip_prefix(':') {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_digit()),
        None => text.is_empty(),
    }
}

fn parse_host(scheme: &str, host: &str) -> Result<String, String> {
    let port_checked = |port: &str| {
        if is_port(port) {
            return Ok(());
        }
        let shown = super::super::text::quoted(port.as_bytes());
        Err(format!("invalid port {shown} after host"))
    };
    let lossy = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    match host.rfind('[') {
        Some(0) => {
            let end = host.rfind(']').ok_or("missing ']' in host")?;
            port_checked(&host[end + 1..])?;
            let inner = &host[1..end];
            let name = match inner.find("%25") {
                Some(at) => {
                    let mut name = unescape(&inner[..at], Part::Host)?;
                    name.extend(unescape(&inner[at..], Part::Zone)?);
                    lossy(name)
                }
                None => lossy(unescape(inner, Part::Host)?),
            };
            let address = name.split('%').next().unwrap_or_default();
            if address.parse::<Ipv6Addr>().is_err() {
                if name.parse::<std::net::Ipv4Addr>().is_ok() {
                    return Err("invalid IP-literal".to_owned());
                }
                let shown = super::super::text::quoted(name.as_bytes());
                return Err(format!(
                    "invalid host: ParseAddr({shown}): unable to parse IP"
                ));
            }
            return Ok(format!("[{name}]{}", &host[end + 1..]));
        }
        Some(_) => return Err("invalid IP-literal".to_owned()),
        None => {}
    }
    let colon = if matches!(scheme, "http" | "https") {
        host.find(':')
    } else {
        host.rfind(':')
    };
    if let Some(at) = colon {
        port_checked(&host[at..])?;
    }
    unescape(host, Part::Host).map(lossy)
}
