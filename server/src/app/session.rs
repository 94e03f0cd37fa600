//! Sessions, the version and the settings.

use chrono::Utc;
use http::HeaderMap;
use tiphys_api::{ApiError, Caller, WithCookies};
use tiphys_engine::tracking::Tracking;
use tiphys_model::{
    CreateSessionRequest, Empty, SessionResponse, Settings, UserInfo, VersionMessage,
};

use super::{App, NAMESPACE, VERSION};
use crate::config::SettingsFile;

impl App {
    pub(super) async fn create_session(
        &self,
        body: CreateSessionRequest,
    ) -> Result<WithCookies<SessionResponse>, ApiError> {
        if !body.token.is_empty() {
            return Err(ApiError::unauthenticated(
                "token-based session creation no longer supported; send username and password",
            ));
        }
        let token = self
            .accounts
            .login(&body.username, &body.password, Utc::now().timestamp())
            .await?;
        let cookie = self.accounts.cookie(&token);
        Ok(WithCookies::new(
            SessionResponse { token },
            cookie.into_iter().collect(),
        ))
    }

    pub(super) async fn delete_session(
        &self,
        headers: &HeaderMap,
    ) -> Result<WithCookies<Empty>, ApiError> {
        self.accounts
            .logout(headers, Utc::now().timestamp())
            .await?;
        Ok(WithCookies::new(
            Empty::default(),
            self.accounts.cookie("").into_iter().collect(),
        ))
    }
}

pub(super) fn user_info(caller: Option<&Caller>) -> UserInfo {
    caller.map_or_else(UserInfo::default, |caller| UserInfo {
        logged_in: true,
        username: caller.username.clone(),
        iss: caller.issuer.clone(),
        groups: caller.groups.clone(),
    })
}

/// Everybody may know the version; the rest of the build is for who is logged in.
pub(super) fn version(caller: Option<&Caller>) -> VersionMessage {
    let version = VersionMessage {
        version: VERSION.to_owned(),
        ..VersionMessage::default()
    };
    if caller.is_none() {
        return version;
    }
    VersionMessage {
        compiler: "rustc".to_owned(),
        platform: format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
        ..version
    }
}

/// What `/settings` tells; banner and namespace are for who is logged in.
pub(super) fn settings(
    file: &SettingsFile,
    tracking: &Tracking,
    caller: Option<&Caller>,
) -> Settings {
    let mut settings = Settings {
        url: file.url.clone(),
        status_badge_enabled: file.status_badge_enabled,
        google_analytics: file.google_analytics.clone(),
        help: file.help.clone(),
        dex_config: file.dex.clone(),
        oidc_config: file.oidc.clone(),
        app_label_key: tracking.label.clone(),
        tracking_method: tracking.method.as_str().to_owned(),
        installation_id: tracking.installation.clone(),
        ui_css_url: file.ui_css_url.clone(),
        ui_login_button_text: file.ui_login_button_text.clone(),
        ..Settings::default()
    };
    if caller.is_some() {
        settings.controller_namespace = NAMESPACE.to_owned();
        settings
            .ui_banner_content
            .clone_from(&file.ui_banner_content);
        settings.ui_banner_url.clone_from(&file.ui_banner_url);
    }
    settings
}
