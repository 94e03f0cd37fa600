//! One kind followed: listed, then watched from there, and listed again when the history is gone.
//!
//! Objects stay text on their way into the index: most of them concern nobody, and are not worth parsing.

use std::collections::HashSet;
use std::sync::Weak;
use std::time::{Duration, Instant};

use futures::TryStreamExt as _;
use kube::api::{ListParams, WatchParams};
use kube::core::{Request, WatchEvent};
use serde::Deserialize;
use serde_json::value::RawValue;
use tiphys_model::ResourceKey;
use tokio::sync::watch;

use super::live::{Arrived, GroupKind};
use super::{Cluster, ClusterError, Inner, Kind};

/// Objects on one page of a list.
const PAGE: u32 = 500;
/// Seconds of one watch; the API server ends it then, and it is resumed.
const WATCH: u32 = 290;
/// The watch is given up when nothing, not even its end, came for longer.
const SILENCE: Duration = Duration::from_secs(WATCH as u64 + 15);
const PAUSE_MIN: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Whether a kind is known: not yet, yes, or why not.
pub type State = Option<Result<(), ClusterError>>;

/// The client of the connection that there is now; none while the cluster is lost.
pub type Clients = watch::Receiver<Option<kube::Client>>;

#[derive(Deserialize)]
struct List {
    metadata: ListMetadata,
    items: Vec<Box<RawValue>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ListMetadata {
    resource_version: String,
    #[serde(rename = "continue")]
    continue_: Option<String>,
}

/// How long to wait before the next request: not at all after one that was of use, and ever longer while none is, so that an API server
/// that refuses or ends every watch is not asked without end.
#[derive(Default)]
struct Pace {
    next: Duration,
}

impl Pace {
    /// A watch has ended. It was of use when it brought something, or stood for longer than the pause that it would cost.
    fn ended(&mut self, has_brought: bool, stood: Duration) {
        if has_brought || stood >= self.next.max(PAUSE_MIN) {
            self.next = Duration::ZERO;
        }
    }

    /// The pause before what comes next.
    fn pause(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).clamp(PAUSE_MIN, PAUSE_MAX);
        pause
    }
}

/// Why following stopped for a moment.
enum Broken {
    /// The history is gone: list again.
    Expired,
    /// Anything else.
    Failed(kube::Error),
    /// The connection is lost, or another one.
    Lost,
    /// Nobody needs it any more.
    Dropped,
}

impl From<kube::Error> for Broken {
    fn from(error: kube::Error) -> Self {
        match &error {
            kube::Error::Api(status) if status.code == 410 => Self::Expired,
            _ => Self::Failed(error),
        }
    }
}

struct Follower {
    cluster: Weak<Inner>,
    clients: Clients,
    kind: Kind,
    id: GroupKind,
    request: Request,
    announce: watch::Sender<State>,
}

/// Follows a kind until its cluster is dropped, or the cluster no longer serves it.
pub async fn follow(
    cluster: Weak<Inner>,
    clients: Clients,
    kind: Kind,
    announce: watch::Sender<State>,
) {
    let dynamic = &kind.resource;
    let request = Request::new(kind.url(None));
    let follower = Follower {
        id: (dynamic.group.clone(), dynamic.kind.clone()),
        request,
        cluster,
        clients,
        kind,
        announce,
    };
    follower.run().await;
}

impl Follower {
    fn cluster(&self) -> Result<Cluster, Broken> {
        self.cluster
            .upgrade()
            .map(|inner| Cluster { inner })
            .ok_or(Broken::Dropped)
    }

    async fn run(&self) {
        let mut clients = self.clients.clone();
        let mut pace = Pace::default();
        let mut version: Option<String> = None;
        loop {
            let connected = clients.wait_for(Option::is_some).await;
            let Some(client) = connected.ok().and_then(|client| client.clone()) else {
                return;
            };
            let outcome = match version.take() {
                None => match unless_lost(&mut clients, self.list(&client)).await {
                    Ok(listed) => {
                        version = Some(listed);
                        continue;
                    }
                    Err(broken) => Err(broken),
                },
                Some(from) => {
                    let mut at = from.clone();
                    let start = Instant::now();
                    let ended = unless_lost(&mut clients, self.watch(&client, &mut at)).await;
                    pace.ended(at != from, start.elapsed());
                    // What was seen is not listed again, whatever ended the watch, unless its history is gone.
                    if !matches!(ended, Err(Broken::Expired)) {
                        version = Some(at);
                    }
                    ended
                }
            };
            let mut pause = pace.pause();
            match outcome {
                Ok(()) => {}
                Err(Broken::Dropped) => return,
                Err(Broken::Lost) => {
                    pace = Pace::default();
                    continue;
                }
                Err(Broken::Expired) => {
                    tracing::debug!(
                        kind = self.id.1,
                        "the history of a watch is gone; its objects are listed again"
                    );
                }
                Err(Broken::Failed(error)) => {
                    tracing::debug!(%error, kind = self.id.1, "a watch was interrupted");
                    if let kube::Error::Api(status) = &error
                        && matches!(status.code, 403..=405)
                    {
                        return self.give_up(error);
                    }
                    pause = pause.max(PAUSE_MIN);
                }
            }
            let pause = tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.5)));
            let paused = async {
                pause.await;
                Ok(())
            };
            if unless_lost(&mut clients, paused).await.is_err() {
                pace = Pace::default();
            }
        }
    }

    /// Whoever needs the kind next starts anew, with what is served and permitted then.
    fn give_up(&self, error: kube::Error) {
        let Ok(cluster) = self.cluster() else { return };
        self.announce
            .send_replace(Some(Err(ClusterError::new(&cluster.inner.server, error))));
        cluster.stop_following(&self.id);
    }

    fn arrived<'a>(&'a self, json: &'a str) -> Arrived<'a> {
        Arrived {
            api_version: &self.kind.api_version,
            group: &self.id.0,
            kind: &self.id.1,
            json,
        }
    }

    /// Lists everything; answers the version from which to watch.
    async fn list(&self, client: &kube::Client) -> Result<String, Broken> {
        let mut left: Option<HashSet<ResourceKey>> = None;
        let mut page: Option<String> = None;
        loop {
            let mut params = ListParams::default().limit(PAGE);
            params.continue_token = page.take();
            let request = self
                .request
                .list(&params)
                .map_err(kube::Error::BuildRequest)?;
            let list: List = client.request(request).await?;
            let cluster = self.cluster()?;
            let left = left.get_or_insert_with(|| {
                let mut live = cluster.write_live();
                live.forget_taken(&self.id);
                live.of_kind(&self.id)
            });
            for item in &list.items {
                if let Some(key) = cluster.take(&self.arrived(item.get())) {
                    left.remove(&key);
                }
            }
            page = list.metadata.continue_.filter(|token| !token.is_empty());
            if page.is_none() {
                for key in left.drain() {
                    cluster.gone(&key);
                }
                self.announce.send_replace(Some(Ok(())));
                return Ok(list.metadata.resource_version);
            }
        }
    }

    async fn watch(&self, client: &kube::Client, version: &mut String) -> Result<(), Broken> {
        let params = WatchParams::default().timeout(WATCH);
        let request = self
            .request
            .watch(&params, version)
            .map_err(kube::Error::BuildRequest)?;
        let stream = client.request_events::<Box<RawValue>>(request).await?;
        futures::pin_mut!(stream);
        loop {
            let event = match tokio::time::timeout(SILENCE, stream.try_next()).await {
                Ok(event) => event?,
                Err(_) => return Ok(()),
            };
            let Some(event) = event else { return Ok(()) };
            let cluster = self.cluster()?;
            match event {
                WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                    if let Some(seen) = resource_version(object.get()) {
                        *version = seen;
                    }
                    cluster.take(&self.arrived(object.get()));
                }
                WatchEvent::Deleted(object) => {
                    if let Some(seen) = resource_version(object.get()) {
                        *version = seen;
                    }
                    if let Some((key, uid)) = super::live::identity_of(&self.arrived(object.get()))
                    {
                        cluster.deleted(&key, &uid);
                    }
                }
                WatchEvent::Bookmark(bookmark) => *version = bookmark.metadata.resource_version,
                WatchEvent::Error(status) => return Err(kube::Error::Api(status).into()),
            }
        }
    }
}

/// Does something on a connection, until that is lost: a network may lose it without telling whoever waits for an answer.
async fn unless_lost<T>(
    clients: &mut Clients,
    work: impl Future<Output = Result<T, Broken>>,
) -> Result<T, Broken> {
    tokio::select! {
        outcome = work => outcome,
        changed = clients.changed() => Err(changed.map_or(Broken::Dropped, |()| Broken::Lost)),
    }
}

fn resource_version(json: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Versioned {
        metadata: ListMetadata,
    }
    serde_json::from_str::<Versioned>(json)
        .ok()
        .map(|versioned| versioned.metadata.resource_version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_of_no_use_is_tried_ever_more_rarely() {
        let mut pace = Pace::default();
        let mut refused = || {
            pace.ended(false, Duration::ZERO);
            pace.pause()
        };
        let pauses: Vec<u128> = (0..9).map(|_| refused().as_millis()).collect();
        assert_eq!(
            pauses,
            [0, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000]
        );
        pace.ended(true, Duration::ZERO);
        assert_eq!(pace.pause(), Duration::ZERO);
        // One that a proxy ends after a while, although nothing happened, is taken up again at once.
        pace.ended(false, Duration::from_secs(1));
        assert_eq!(pace.pause(), Duration::ZERO);
    }
}
