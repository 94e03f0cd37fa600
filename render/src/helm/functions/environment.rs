//! What a rendering may know of the world: a clock that stands still, a source of randomness, and live objects.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;

use sha2::{Digest as _, Sha256};
use tiphys_template::{Call, FunctionError, Value};

use crate::go_time::Moment;

/// A source of random bytes.
pub trait Entropy {
    /// Fills a buffer.
    fn fill(&mut self, bytes: &mut [u8]);
}

/// Live objects, for `lookup`.
pub trait Lookup {
    /// The object, or the list when the name is empty; an empty map when there is none.
    ///
    /// # Errors
    /// When the object cannot be asked for: its text ends the rendering.
    fn lookup(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<serde_json::Value, String>;
}

/// A `lookup` that finds nothing, as `helm template` does.
#[derive(Clone, Copy, Debug)]
pub struct NoLookup;

impl Lookup for NoLookup {
    fn lookup(&self, _: &str, _: &str, _: &str, _: &str) -> Result<serde_json::Value, String> {
        Ok(serde_json::Value::Object(serde_json::Map::new()))
    }
}

/// The context of a rendering: what its functions find through `Call::context`.
pub struct Environment {
    /// What `now` gives.
    pub now: Moment,
    /// Where keys, certificates, passwords and UUIDs come from.
    pub entropy: RefCell<Box<dyn Entropy>>,
    /// What `lookup` finds.
    pub lookup: Box<dyn Lookup>,
    /// What the engine's own functions (`include`, `tpl`) need.
    pub engine: Rc<dyn Any>,
    /// Whether time or randomness took part, so that the result depends on them.
    pub used: RefCell<Used>,
}

/// What of the world took part in a rendering.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// The clock.
    pub clock: bool,
    /// The source of randomness.
    pub entropy: bool,
    /// Live objects.
    pub lookup: bool,
}

impl Environment {
    /// An environment with a clock and a source of randomness; `lookup` finds nothing.
    #[must_use]
    pub fn new(now: Moment, entropy: impl Entropy + 'static) -> Self {
        Self {
            now,
            entropy: RefCell::new(Box::new(entropy)),
            lookup: Box::new(NoLookup),
            engine: Rc::new(()),
            used: RefCell::default(),
        }
    }

    /// The current time.
    pub(super) fn now(&self) -> Moment {
        self.used.borrow_mut().clock = true;
        self.now.clone()
    }

    /// Random bytes.
    pub(super) fn random(&self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.fill(&mut bytes);
        bytes
    }

    /// Fills a buffer with random bytes.
    pub(super) fn fill(&self, bytes: &mut [u8]) {
        self.used.borrow_mut().entropy = true;
        self.entropy.borrow_mut().fill(bytes);
    }

    /// A random number below a bound, which is not 0; without bias.
    pub(super) fn below(&self, bound: u64) -> u64 {
        let zone = u64::MAX - u64::MAX % bound;
        loop {
            let mut bytes = [0; 8];
            self.fill(&mut bytes);
            let number = u64::from_le_bytes(bytes);
            if number < zone {
                return number % bound;
            }
        }
    }

    /// A live object.
    pub(super) fn look_up(&self, at: [&str; 4]) -> Result<Value, FunctionError> {
        self.used.borrow_mut().lookup = true;
        let [api_version, kind, namespace, name] = at;
        let found = self.lookup.lookup(api_version, kind, namespace, name)?;
        Ok(super::from_serde(&found))
    }
}

/// The environment of a call.
pub(super) fn environment<'a>(call: &'a Call<'_>) -> Result<&'a Environment, FunctionError> {
    call.context::<Environment>()
        .ok_or_else(|| FunctionError::new("the rendering has no clock and no randomness"))
}

/// Random bytes that follow from a seed: SHA-256 over the seed and a counter. The same seed gives the same certificates and
/// passwords, so that rendering again changes nothing.
pub struct Seeded {
    seed: [u8; 32],
    counter: u64,
    /// Bytes of the last block that were not given out.
    left: Vec<u8>,
}

impl Seeded {
    /// The source of a seed. The seed is a secret when what comes out is to be one.
    #[must_use]
    pub const fn new(seed: [u8; 32]) -> Self {
        Self {
            seed,
            counter: 0,
            left: Vec::new(),
        }
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            if self.left.is_empty() {
                let mut hash = Sha256::new();
                hash.update(self.seed);
                hash.update(self.counter.to_le_bytes());
                self.counter += 1;
                self.left = hash.finalize().to_vec();
            }
            *byte = self.left.pop().unwrap_or_default();
        }
    }
}
