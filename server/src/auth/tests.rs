//! Log-ins, sessions and their ends.

use super::*;

const NOW: i64 = 1_800_000_000;

struct Fixture {
    database: Database,
    sealer: Sealer,
}

impl Fixture {
    fn new() -> Self {
        Self {
            database: Database::in_memory().expect("a store"),
            sealer: Sealer::from_base64(&STANDARD.encode([7; 32])).expect("a key"),
        }
    }

    /// Starts again over the same store, as after a restart.
    async fn start(&self) -> Accounts {
        Accounts::start(
            &self.database,
            &self.sealer,
            Some("correct horse".into()),
            false,
            NOW,
        )
        .await
        .expect("accounts")
        .0
    }
}

fn bearer(token: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(
        header::AUTHORIZATION,
        format!("Bearer {token}").parse().expect("a header"),
    );
    headers
}

fn cookie(text: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::COOKIE, text.parse().expect("a header"));
    headers
}

#[tokio::test]
async fn the_first_password_is_made_once() {
    let fixture = Fixture::new();
    let (accounts, first) = Accounts::start(&fixture.database, &fixture.sealer, None, false, NOW)
        .await
        .expect("accounts");
    let FirstPassword::Made(password) = first else {
        panic!("{first:?}")
    };
    accounts
        .login(ADMIN, &password, NOW)
        .await
        .expect("a session");
    let (_, again) = Accounts::start(
        &fixture.database,
        &fixture.sealer,
        Some("other".into()),
        false,
        NOW,
    )
    .await
    .expect("accounts");
    assert_eq!(again, FirstPassword::Existing);
}

#[tokio::test]
async fn bearer_and_cookie_both_work() {
    let accounts = Fixture::new().start().await;
    let token = accounts
        .login(ADMIN, "correct horse", NOW)
        .await
        .expect("a session");
    for headers in [bearer(&token), cookie(&format!("a=b; {COOKIE}={token}"))] {
        let session = accounts
            .authenticate(&headers, NOW)
            .await
            .expect("a caller");
        assert_eq!(session.caller().username, ADMIN);
        assert!(session.cookies().is_empty());
    }
    let (first, second) = token.split_at(10);
    let parts = cookie(&format!("{COOKIE}=2:{first}; {COOKIE}-1={second}"));
    accounts
        .authenticate(&parts, NOW)
        .await
        .expect("a token in parts");
    let mut both = cookie(&format!("{COOKIE}={token}"));
    both.insert(
        header::AUTHORIZATION,
        "Bearer nonsense".parse().expect("a header"),
    );
    accounts
        .authenticate(&both, NOW)
        .await
        .expect("what is no token is passed over");
}

#[tokio::test]
async fn a_session_is_renewed_before_it_ends_and_ends() {
    let accounts = Fixture::new().start().await;
    let token = accounts
        .login(ADMIN, "correct horse", NOW)
        .await
        .expect("a session");
    let late = NOW + SESSION_SECONDS - RENEW_SECONDS + 1;
    let renewed = accounts
        .authenticate(&bearer(&token), late)
        .await
        .expect("a caller");
    assert_eq!(renewed.cookies().len(), 1);
    let after = accounts
        .authenticate(&bearer(&token), NOW + SESSION_SECONDS)
        .await
        .expect_err("an expired token");
    assert!(
        after.message.starts_with("invalid session"),
        "{}",
        after.message
    );
}

#[tokio::test]
async fn a_revoked_token_stays_dead_after_a_restart() {
    let fixture = Fixture::new();
    let accounts = fixture.start().await;
    let token = accounts
        .login(ADMIN, "correct horse", NOW)
        .await
        .expect("a session");
    accounts
        .logout(&bearer(&token), NOW)
        .await
        .expect("a log-out");
    accounts
        .logout(&bearer(&token), NOW)
        .await
        .expect("a second log-out is no error");
    assert!(accounts.authenticate(&bearer(&token), NOW).await.is_err());
    assert!(
        fixture
            .start()
            .await
            .authenticate(&bearer(&token), NOW)
            .await
            .is_err()
    );
    assert!(
        accounts.logout(&HeaderMap::new(), NOW).await.is_err(),
        "no token at all"
    );
}

#[tokio::test]
async fn a_new_password_ends_every_older_session_at_once() {
    let accounts = Fixture::new().start().await;
    let token = accounts
        .login(ADMIN, "correct horse", NOW)
        .await
        .expect("a session");
    let caller = accounts
        .authenticate(&bearer(&token), NOW)
        .await
        .expect("a caller")
        .caller()
        .clone();
    let wrong = accounts
        .change_password(&caller, "", "wrong", "battery staple")
        .await
        .expect_err("a wrong password");
    assert_eq!(wrong.message, "current password does not match");
    let short = accounts
        .change_password(&caller, "", "correct horse", "short")
        .await
        .expect_err("a short password");
    assert!(short.message.contains("8 to 128"), "{}", short.message);
    accounts
        .change_password(&caller, "", "correct horse", "battery staple")
        .await
        .expect("a change");
    assert!(
        accounts.authenticate(&bearer(&token), NOW).await.is_err(),
        "in the same second, too"
    );
    accounts
        .login(ADMIN, "battery staple", NOW)
        .await
        .expect("the new password");
}

#[tokio::test]
async fn failures_close_the_account_and_the_limit_survives_a_restart() {
    let fixture = Fixture::new();
    let accounts = fixture.start().await;
    for _ in 0..MOST_FAILURES {
        let error = accounts
            .login(ADMIN, "wrong", NOW)
            .await
            .expect_err("a wrong password");
        assert_eq!(error.message, REFUSED);
    }
    assert!(
        accounts.login(ADMIN, "correct horse", NOW).await.is_err(),
        "closed"
    );
    let restarted = fixture.start().await;
    assert!(
        restarted.login(ADMIN, "correct horse", NOW).await.is_err(),
        "closed after a restart"
    );
    restarted
        .login(ADMIN, "correct horse", NOW + FAILURE_SECONDS + 1)
        .await
        .expect("open again");
}

#[tokio::test]
async fn a_clock_that_was_set_back_closes_no_account_for_the_time_it_lost() {
    let accounts = Fixture::new().start().await;
    for _ in 0..MOST_FAILURES {
        let refused = accounts.login(ADMIN, "wrong", NOW).await;
        refused.expect_err("a wrong password");
    }
    let soon = NOW - FAILURE_SECONDS + 1;
    assert!(accounts.login(ADMIN, "correct horse", soon).await.is_err());
    let yesterday = accounts.login(ADMIN, "correct horse", NOW - 86_400);
    yesterday.await.expect("open");
}

#[tokio::test]
async fn every_refusal_reads_the_same() {
    let accounts = Fixture::new().start().await;
    let unknown = accounts
        .login("nobody", "x", NOW)
        .await
        .expect_err("an unknown account");
    let wrong = accounts
        .login(ADMIN, "x", NOW)
        .await
        .expect_err("a wrong password");
    assert_eq!(unknown.message, wrong.message);
    assert_eq!(
        accounts
            .login("", "x", NOW)
            .await
            .expect_err("no name")
            .message,
        "no credentials supplied"
    );
    let long = accounts
        .login(&"x".repeat(33), "x", NOW)
        .await
        .expect_err("a long name");
    assert_eq!(long.status(), 400);
}
