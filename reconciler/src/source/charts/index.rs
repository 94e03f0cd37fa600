//! The index of a Helm repository, read entry by entry: whatever its size, one entry is in memory at a time.
//!
//! YAML goes through a parser of events and JSON through a visitor. An entry of the index that Helm would pass over (no version,
//! or one that is none) is passed over here; what is beyond a limit is an error that names it.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Read};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};

use saphyr_parser::{BufferedInput, Event, Parser};
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use tiphys_render::semver::Version;

/// What one index may cost.
#[derive(Clone, Copy, Debug)]
pub struct IndexLimits {
    /// Bytes of the whole document.
    pub bytes: u64,
    /// Bytes of one version's entry, and of anything else that is read in one go.
    pub entry_bytes: u64,
    /// Charts.
    pub charts: usize,
    /// Versions of one chart.
    pub versions: usize,
    /// Levels of nesting.
    pub depth: usize,
}

impl Default for IndexLimits {
    /// 512 MiB, 4 MiB an entry, 100,000 charts of 50,000 versions, 64 levels.
    fn default() -> Self {
        Self {
            bytes: 512 << 20,
            entry_bytes: 4 << 20,
            charts: 100_000,
            versions: 50_000,
            depth: 64,
        }
    }
}

/// URLs of one version that are kept.
const URLS: usize = 16;
/// Characters of a URL, a version or a digest that is kept.
const TEXT: usize = 4096;
/// Anchors in one index: the parser remembers every one.
const ANCHORS: usize = 1000;
/// Bytes read at once.
const CHUNK: usize = 64 << 10;

/// One version of a chart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Version as it is written.
    pub version: String,
    /// SHA-256 of the archive, hexadecimal; empty when the index does not say.
    pub digest: String,
    /// Where the archive is, relative to the repository or absolute.
    pub urls: Vec<String>,
    /// When it was made, as it is written.
    pub created: String,
}

impl Listed {
    fn is_version(&self) -> bool {
        self.version.len() <= TEXT && Version::parse(&self.version).is_ok()
    }

    fn keep(&mut self, url: String) {
        if self.urls.len() < URLS && url.len() <= TEXT {
            self.urls.push(url);
        }
    }

    fn finish(&mut self) {
        let digest = self.digest.trim();
        let digest = digest
            .strip_prefix("sha256:")
            .unwrap_or(digest)
            .to_ascii_lowercase();
        let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        self.digest = if is_digest { digest } else { String::new() };
        self.created.truncate(self.created.len().min(64));
    }
}

/// Why an index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// It is neither YAML nor JSON.
    #[error("index.yaml cannot be read: {0}")]
    Format(String),
    /// It is something else.
    #[error("index.yaml is no index of a Helm repository: {0}")]
    NoIndex(&'static str),
    /// More than a limit allows.
    #[error("index.yaml has more than {limit} {what}{at}")]
    TooMuch {
        /// The limit.
        limit: u64,
        /// What was counted.
        what: &'static str,
        /// Where, with a blank in front.
        at: String,
    },
    /// The time is up.
    #[error("reading index.yaml was stopped")]
    Stopped,
    /// The disk failed.
    #[error("index.yaml: {0}")]
    Io(#[from] std::io::Error),
}

/// Takes what is found, chart by chart in the order of the index: a chart's name, then each of its versions.
pub trait Sink {
    /// A chart begins.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn chart(&mut self, name: &str) -> Result<(), IndexError>;
    /// A version of the chart that began last.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn version(&mut self, listed: Listed) -> Result<(), IndexError>;
}

/// What went wrong inside a reader, where no error of ours fits through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Bytes,
    Entry,
    Stopped,
    Encoding,
    Io,
}

/// Counts what is read: in all, and since the last entry began.
struct Meter {
    limits: IndexLimits,
    total: Cell<u64>,
    entry: Cell<u64>,
    fault: Cell<Option<Fault>>,
}

impl Meter {
    fn new(limits: IndexLimits) -> Rc<Self> {
        Rc::new(Self {
            limits,
            total: Cell::new(0),
            entry: Cell::new(0),
            fault: Cell::new(None),
        })
    }

    fn begin(&self) {
        self.entry.set(0);
    }

    /// Counts bytes that were taken in; false when that is too much.
    fn count(&self, bytes: u64) -> bool {
        self.total.set(self.total.get() + bytes);
        self.entry.set(self.entry.get() + bytes);
        if self.total.get() > self.limits.bytes {
            self.fault.set(Some(Fault::Bytes));
        } else if self.entry.get() > self.limits.entry_bytes {
            self.fault.set(Some(Fault::Entry));
        }
        self.fault.get().is_none()
    }

    fn error(&self, chart: &str) -> Option<IndexError> {
        Some(match self.fault.get()? {
            Fault::Bytes => too_much(self.limits.bytes, "bytes", ""),
            Fault::Entry => too_much(self.limits.entry_bytes, "bytes in one entry", chart),
            Fault::Stopped => IndexError::Stopped,
            Fault::Encoding => IndexError::Format("it is not UTF-8".to_owned()),
            Fault::Io => IndexError::Format("the file could not be read".to_owned()),
        })
    }
}

fn too_much(limit: u64, what: &'static str, chart: &str) -> IndexError {
    let at = if chart.is_empty() {
        String::new()
    } else {
        format!(
            " of chart {:?}",
            chart.chars().take(100).collect::<String>()
        )
    };
    IndexError::TooMuch { limit, what, at }
}

/// Reads an index that begins with `{` as JSON, and any other as YAML.
///
/// # Errors
/// When it is no index or beyond a limit; what the sink says.
pub fn read(
    input: impl Read,
    limits: IndexLimits,
    stop: &AtomicBool,
    sink: &mut dyn Sink,
) -> Result<(), IndexError> {
    let mut input = BufReader::with_capacity(CHUNK, input);
    let first = input
        .fill_buf()?
        .iter()
        .copied()
        .find(|byte| !byte.is_ascii_whitespace());
    match first {
        None => Err(IndexError::NoIndex("it is empty")),
        Some(b'{') => read_json(input, limits, stop, sink),
        Some(_) => Yaml::new(input, limits, stop, sink).index(),
    }
}

/// Characters of a reader of UTF-8.
struct Chars<'a, R> {
    input: R,
    meter: Rc<Meter>,
    stop: &'a AtomicBool,
    text: String,
    at: usize,
    /// The beginning of a character whose end is not here yet.
    carried: Vec<u8>,
}

impl<R: Read> Chars<'_, R> {
    fn fill(&mut self) -> Option<()> {
        if self.stop.load(Ordering::Relaxed) {
            self.meter.fault.set(Some(Fault::Stopped));
            return None;
        }
        let mut bytes = std::mem::take(&mut self.carried);
        let kept = bytes.len();
        bytes.resize(kept + CHUNK, 0);
        let read = loop {
            match self.input.read(&mut bytes[kept..]) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => {
                    self.meter.fault.set(Some(Fault::Io));
                    return None;
                }
                Ok(read) => break read,
            }
        };
        bytes.truncate(kept + read);
        let valid = match std::str::from_utf8(&bytes) {
            Ok(text) => text.len(),
            Err(error) if error.error_len().is_none() && read > 0 => error.valid_up_to(),
            Err(_) => {
                self.meter.fault.set(Some(Fault::Encoding));
                return None;
            }
        };
        self.carried = bytes.split_off(valid);
        self.text = String::from_utf8(bytes).unwrap_or_default();
        self.at = 0;
        (read > 0).then_some(())
    }
}

impl<R: Read> Iterator for Chars<'_, R> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        while self.at >= self.text.len() {
            if self.meter.fault.get().is_some() {
                return None;
            }
            self.fill()?;
        }
        let character = self.text[self.at..].chars().next()?;
        self.at += character.len_utf8();
        self.meter
            .count(character.len_utf8() as u64)
            .then_some(character)
    }
}

/// An index in YAML, event by event.
struct Yaml<'a, R: Read> {
    parser: Parser<'a, BufferedInput<Chars<'a, R>>>,
    meter: Rc<Meter>,
    sink: &'a mut dyn Sink,
    chart: String,
}

impl<'a, R: Read + 'a> Yaml<'a, R> {
    fn new(input: R, limits: IndexLimits, stop: &'a AtomicBool, sink: &'a mut dyn Sink) -> Self {
        let meter = Meter::new(limits);
        let chars = Chars {
            input,
            meter: Rc::clone(&meter),
            stop,
            text: String::new(),
            at: 0,
            carried: Vec::new(),
        };
        Self {
            parser: Parser::new_from_iter(chars),
            meter,
            sink,
            chart: String::new(),
        }
    }

    fn next(&mut self) -> Result<Event<'a>, IndexError> {
        let event = self.parser.next_event();
        if let Some(error) = self.meter.error(&self.chart) {
            return Err(error);
        }
        let (event, _) = event
            .ok_or_else(|| IndexError::Format("it ends too early".to_owned()))?
            .map_err(|error| IndexError::Format(error.to_string()))?;
        if let Event::Scalar(_, _, anchor, _)
        | Event::SequenceStart(anchor, _)
        | Event::MappingStart(anchor, _) = &event
            && *anchor > ANCHORS
        {
            return Err(too_much(ANCHORS as u64, "anchors", &self.chart));
        }
        Ok(event)
    }

    /// Passes over the rest of a node whose first event was taken. `free` lets it have any length.
    fn skip(&mut self, first: &Event<'_>, free: bool) -> Result<(), IndexError> {
        let mut depth = usize::from(opens(first));
        while depth > 0 {
            let event = self.next()?;
            if free {
                self.meter.begin();
            }
            if opens(&event) {
                depth += 1;
            } else if matches!(event, Event::SequenceEnd | Event::MappingEnd) {
                depth -= 1;
            }
            if depth > self.meter.limits.depth {
                let limit = self.meter.limits.depth as u64;
                return Err(too_much(limit, "levels", &self.chart));
            }
        }
        Ok(())
    }

    /// The next key of a mapping; nothing at its end.
    fn key(&mut self) -> Result<Option<String>, IndexError> {
        match self.next()? {
            Event::MappingEnd => Ok(None),
            Event::Scalar(key, ..) => Ok(Some(key.into_owned())),
            other => {
                self.skip(&other, false)?;
                Ok(Some(String::new()))
            }
        }
    }

    fn index(mut self) -> Result<(), IndexError> {
        loop {
            match self.next()? {
                Event::MappingStart(..) => break,
                Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
                _ => return Err(IndexError::NoIndex("it is no mapping")),
            }
        }
        let (mut versioned, mut entries) = (false, false);
        loop {
            self.meter.begin();
            self.chart.clear();
            let Some(key) = self.key()? else { break };
            let value = self.next()?;
            match (key.as_str(), &value) {
                ("apiVersion", Event::Scalar(text, ..)) => versioned = !text.is_empty(),
                ("entries", Event::MappingStart(..)) => {
                    entries = true;
                    self.entries()?;
                }
                ("entries", Event::Scalar(..)) => entries = true,
                ("entries", Event::Alias(_)) => return Err(self.alias()),
                _ => self.skip(&value, true)?,
            }
        }
        known(versioned, entries)
    }

    fn alias(&self) -> IndexError {
        IndexError::Format("aliases are not followed in an index".to_owned())
    }

    fn entries(&mut self) -> Result<(), IndexError> {
        let mut charts = 0;
        loop {
            self.meter.begin();
            let Some(name) = self.key()? else {
                return Ok(());
            };
            charts += 1;
            if charts > self.meter.limits.charts {
                return Err(too_much(self.meter.limits.charts as u64, "charts", ""));
            }
            let value = self.next()?;
            self.sink.chart(&name)?;
            self.chart = name;
            match value {
                Event::SequenceStart(..) => self.versions()?,
                Event::Alias(_) => return Err(self.alias()),
                other => self.skip(&other, false)?,
            }
        }
    }

    fn versions(&mut self) -> Result<(), IndexError> {
        let mut versions = 0;
        loop {
            self.meter.begin();
            match self.next()? {
                Event::SequenceEnd => return Ok(()),
                Event::Alias(_) => return Err(self.alias()),
                Event::MappingStart(..) => {
                    versions += 1;
                    if versions > self.meter.limits.versions {
                        let limit = self.meter.limits.versions as u64;
                        return Err(too_much(limit, "versions", &self.chart));
                    }
                    let listed = self.version()?;
                    if listed.is_version() {
                        self.sink.version(listed)?;
                    }
                }
                other => self.skip(&other, false)?,
            }
        }
    }

    fn version(&mut self) -> Result<Listed, IndexError> {
        let mut listed = Listed::default();
        while let Some(key) = self.key()? {
            let value = self.next()?;
            match (key.as_str(), value) {
                ("version" | "digest" | "urls", Event::Alias(_)) => return Err(self.alias()),
                ("version", Event::Scalar(text, ..)) => listed.version = text.into_owned(),
                ("digest", Event::Scalar(text, ..)) => listed.digest = text.into_owned(),
                ("created", Event::Scalar(text, ..)) => listed.created = text.into_owned(),
                ("urls", Event::SequenceStart(..)) => loop {
                    match self.next()? {
                        Event::SequenceEnd => break,
                        Event::Scalar(url, ..) => listed.keep(url.into_owned()),
                        other => self.skip(&other, false)?,
                    }
                },
                (_, other) => self.skip(&other, false)?,
            }
        }
        listed.finish();
        Ok(listed)
    }
}

fn opens(event: &Event<'_>) -> bool {
    matches!(event, Event::SequenceStart(..) | Event::MappingStart(..))
}

fn known(versioned: bool, entries: bool) -> Result<(), IndexError> {
    match (versioned, entries) {
        (true, _) => Ok(()),
        (false, true) => Err(IndexError::NoIndex("no API version specified")),
        (false, false) => Err(IndexError::NoIndex(
            "it names neither apiVersion nor entries",
        )),
    }
}

/// A reader that counts, for JSON.
struct Counted<'a, R> {
    input: R,
    meter: Rc<Meter>,
    stop: &'a AtomicBool,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.stop.load(Ordering::Relaxed) {
            self.meter.fault.set(Some(Fault::Stopped));
        }
        let read = self.input.read(buffer)?;
        if self.meter.fault.get().is_some() || !self.meter.count(read as u64) {
            return Err(std::io::Error::other("limit"));
        }
        Ok(read)
    }
}

fn read_json(
    input: impl Read,
    limits: IndexLimits,
    stop: &AtomicBool,
    sink: &mut dyn Sink,
) -> Result<(), IndexError> {
    let meter = Meter::new(limits);
    // The last chunk may hold the ends of one entry and of the next, so an entry counts within one chunk.
    let counted = BufReader::with_capacity(
        CHUNK,
        Counted {
            input,
            meter: Rc::clone(&meter),
            stop,
        },
    );
    let mut state = Json {
        meter: &meter,
        sink,
        failure: None,
        chart: String::new(),
        charts: 0,
    };
    let mut deserializer = serde_json::Deserializer::from_reader(counted);
    let result = JsonIndex(&mut state).deserialize(&mut deserializer);
    let (failure, chart) = (state.failure.take(), state.chart);
    if let Some(error) = failure.or_else(|| meter.error(&chart)) {
        return Err(error);
    }
    let (versioned, entries) = result.map_err(|error| IndexError::Format(error.to_string()))?;
    known(versioned, entries)
}

struct Json<'a> {
    meter: &'a Meter,
    sink: &'a mut dyn Sink,
    failure: Option<IndexError>,
    chart: String,
    charts: usize,
}

impl Json<'_> {
    /// Keeps our error aside and gives the library one of its own.
    fn keep<E: serde::de::Error>(&mut self, result: Result<(), IndexError>) -> Result<(), E> {
        result.map_err(|error| {
            self.failure = Some(error);
            E::custom("stopped")
        })
    }
}

struct JsonIndex<'a, 'b>(&'a mut Json<'b>);

impl<'de> DeserializeSeed<'de> for JsonIndex<'_, '_> {
    type Value = (bool, bool);
    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for JsonIndex<'_, '_> {
    type Value = (bool, bool);
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an index of a Helm repository")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut versioned, mut entries) = (false, false);
        while let Some(key) = map.next_key::<String>()? {
            self.0.meter.begin();
            match key.as_str() {
                "apiVersion" => versioned = !map.next_value::<String>()?.is_empty(),
                "entries" => {
                    entries = true;
                    map.next_value_seed(JsonEntries(self.0))?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok((versioned, entries))
    }
}

struct JsonEntries<'a, 'b>(&'a mut Json<'b>);

impl<'de> DeserializeSeed<'de> for JsonEntries<'_, '_> {
    type Value = ();
    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for JsonEntries<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("charts with their versions")
    }
    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let state = self.0;
        while let Some(name) = map.next_key::<String>()? {
            state.meter.begin();
            state.charts += 1;
            let limit = state.meter.limits.charts;
            let counted = if state.charts > limit {
                Err(too_much(limit as u64, "charts", ""))
            } else {
                state.sink.chart(&name)
            };
            state.keep(counted)?;
            state.chart = name;
            map.next_value_seed(JsonVersions(state))?;
        }
        Ok(())
    }
}

struct JsonVersions<'a, 'b>(&'a mut Json<'b>);

impl<'de> DeserializeSeed<'de> for JsonVersions<'_, '_> {
    type Value = ();
    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for JsonVersions<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("versions of a chart")
    }
    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let state = self.0;
        let mut versions = 0;
        state.meter.begin();
        while let Some(entry) = list.next_element::<Option<JsonVersion>>()? {
            state.meter.begin();
            versions += 1;
            let limit = state.meter.limits.versions;
            if versions > limit {
                let error = too_much(limit as u64, "versions", &state.chart);
                state.keep::<A::Error>(Err(error))?;
            }
            let Some(entry) = entry else { continue };
            let mut listed = Listed {
                version: entry.version.unwrap_or_default(),
                digest: entry.digest.unwrap_or_default(),
                urls: Vec::new(),
                created: entry.created.unwrap_or_default(),
            };
            for url in entry.urls.unwrap_or_default() {
                listed.keep(url);
            }
            listed.finish();
            if listed.is_version() {
                let kept = state.sink.version(listed);
                state.keep::<A::Error>(kept)?;
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct JsonVersion {
    version: Option<String>,
    digest: Option<String>,
    urls: Option<Vec<String>>,
    created: Option<String>,
}

#[cfg(test)]
mod tests;
