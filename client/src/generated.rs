//! The client. Generated from spec/openapi.yaml: change that, then run `cargo xtask spec`.

#[allow(unused_imports)]
pub use progenitor_client::{ByteStream, ClientInfo, Error, ResponseValue};
#[allow(unused_imports)]
use progenitor_client::{ClientHooks, OperationInfo, RequestBuilderExt, encode_path};
/// The types of the wire, shared with the server.
pub use tiphys_model as types;
#[derive(Clone, Debug)]
/**Client for Tiphys

A GitOps control plane. It keeps applications whose manifests live in Git alive in Kubernetes clusters, and speaks the REST API of Argo CD. Calls need a bearer token or the session cookie, both of which a log-in gives, unless an operation says otherwise.

Version: 3.5.0*/
pub struct Client {
    pub(crate) baseurl: String,
    pub(crate) client: reqwest::Client,
}
impl Client {
    /// Create a new client.
    ///
    /// `baseurl` is the base URL provided to the internal
    /// `reqwest::Client`, and should include a scheme and hostname,
    /// as well as port and a path stem if applicable.
    pub fn new(baseurl: &str) -> Self {
        #[cfg(not(target_arch = "wasm32"))]
        let client = {
            let dur = ::std::time::Duration::from_secs(15u64);
            reqwest::ClientBuilder::new()
                .connect_timeout(dur)
                .timeout(dur)
        };
        #[cfg(target_arch = "wasm32")]
        let client = reqwest::ClientBuilder::new();
        Self::new_with_client(baseurl, client.build().unwrap())
    }
    /// Construct a new client with an existing `reqwest::Client`,
    /// allowing more control over its configuration.
    ///
    /// `baseurl` is the base URL provided to the internal
    /// `reqwest::Client`, and should include a scheme and hostname,
    /// as well as port and a path stem if applicable.
    pub fn new_with_client(baseurl: &str, client: reqwest::Client) -> Self {
        Self {
            baseurl: baseurl.to_string(),
            client,
        }
    }
}
impl ClientInfo<()> for Client {
    fn api_version() -> &'static str {
        "3.5.0"
    }
    fn baseurl(&self) -> &str {
        self.baseurl.as_str()
    }
    fn client(&self) -> &reqwest::Client {
        &self.client
    }
    fn inner(&self) -> &() {
        &()
    }
}
impl ClientHooks<()> for &Client {}
#[allow(clippy::all)]
impl Client {
    /**List applications

    The applications that the caller may see and that match every filter, sorted by name.

    Sends a `GET` request to `/api/v1/applications`

    Arguments:
    - `app_namespace`: Only applications in this namespace.
    - `name`: Only the application of this name.
    - `namespace`: Only applications with this destination namespace.
    - `project`: Only applications of this project.
    - `projects`: Only applications of these projects; can be repeated.
    - `repo`: Only applications with a source in this repository.
    - `selector`: Only applications whose labels match this selector.
    */
    pub async fn list_applications<'a>(
        &'a self,
        app_namespace: Option<&'a str>,
        name: Option<&'a str>,
        namespace: Option<&'a str>,
        project: Option<&'a str>,
        projects: Option<&'a ::std::vec::Vec<::std::string::String>>,
        repo: Option<&'a str>,
        selector: Option<&'a str>,
    ) -> Result<ResponseValue<types::ApplicationList>, Error<types::Error>> {
        let url = format!("{}/api/v1/applications", self.baseurl,);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new(
                "appNamespace",
                &app_namespace,
            ))
            .query(&progenitor_client::QueryParam::new("name", &name))
            .query(&progenitor_client::QueryParam::new("namespace", &namespace))
            .query(&progenitor_client::QueryParam::new("project", &project))
            .query(&progenitor_client::QueryParam::new("projects", &projects))
            .query(&progenitor_client::QueryParam::new("repo", &repo))
            .query(&progenitor_client::QueryParam::new("selector", &selector))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "list_applications",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Create an application

    Checks and stores a new application. Creating the same application again is no error.

    Sends a `POST` request to `/api/v1/applications`

    Arguments:
    - `upsert`: Whether an existing application of this name is replaced.
    - `validate`: Whether the source is read and rendered before the application is stored.
    - `body`
    */
    pub async fn create_application<'a>(
        &'a self,
        upsert: Option<bool>,
        validate: Option<bool>,
        body: &'a types::Application,
    ) -> Result<ResponseValue<types::Application>, Error<types::Error>> {
        let url = format!("{}/api/v1/applications", self.baseurl,);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .post(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .query(&progenitor_client::QueryParam::new("upsert", &upsert))
            .query(&progenitor_client::QueryParam::new("validate", &validate))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "create_application",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            415u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Read an application

    The application with its status. With `refresh` the answer waits for a new comparison.

    Sends a `GET` request to `/api/v1/applications/{name}`

    Arguments:
    - `name`: Name of the application.
    - `app_namespace`: Namespace of the application.
    - `project`: Project that the application must belong to.
    - `refresh`: `normal` compares again, `hard` also renders again; waits until it is done.
    - `resource_version`: Accepted for compatibility.
    */
    pub async fn get_application<'a>(
        &'a self,
        name: &'a str,
        app_namespace: Option<&'a str>,
        project: Option<&'a str>,
        refresh: Option<&'a str>,
        resource_version: Option<&'a str>,
    ) -> Result<ResponseValue<types::Application>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/applications/{}",
            self.baseurl,
            encode_path(&name.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new(
                "appNamespace",
                &app_namespace,
            ))
            .query(&progenitor_client::QueryParam::new("project", &project))
            .query(&progenitor_client::QueryParam::new("refresh", &refresh))
            .query(&progenitor_client::QueryParam::new(
                "resourceVersion",
                &resource_version,
            ))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "get_application",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            504u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Replace an application

    Replaces specification, labels, annotations and finalizers. Status and a running operation stay.

    Sends a `PUT` request to `/api/v1/applications/{name}`

    Arguments:
    - `name`: Name of the application.
    - `app_namespace`: Namespace of the application.
    - `project`: Project that the application must belong to.
    - `validate`: Whether the source is read and rendered before the application is stored.
    - `body`
    */
    pub async fn update_application<'a>(
        &'a self,
        name: &'a str,
        app_namespace: Option<&'a str>,
        project: Option<&'a str>,
        validate: Option<bool>,
        body: &'a types::Application,
    ) -> Result<ResponseValue<types::Application>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/applications/{}",
            self.baseurl,
            encode_path(&name.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .put(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .query(&progenitor_client::QueryParam::new(
                "appNamespace",
                &app_namespace,
            ))
            .query(&progenitor_client::QueryParam::new("project", &project))
            .query(&progenitor_client::QueryParam::new("validate", &validate))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "update_application",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            409u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            415u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Delete an application

    Asks for deletion and answers at once. With `cascade` the application stays until its objects are gone.

    Sends a `DELETE` request to `/api/v1/applications/{name}`

    Arguments:
    - `name`: Name of the application.
    - `app_namespace`: Namespace of the application.
    - `cascade`: Whether the objects in the cluster are deleted as well.
    - `project`: Project that the application must belong to.
    - `propagation_policy`: How dependents are deleted: `foreground`, `background` or `orphan`, in any case. `orphan` leaves every object alone.
    */
    pub async fn delete_application<'a>(
        &'a self,
        name: &'a str,
        app_namespace: Option<&'a str>,
        cascade: Option<bool>,
        project: Option<&'a str>,
        propagation_policy: Option<&'a str>,
    ) -> Result<ResponseValue<types::Empty>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/applications/{}",
            self.baseurl,
            encode_path(&name.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .delete(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new(
                "appNamespace",
                &app_namespace,
            ))
            .query(&progenitor_client::QueryParam::new("cascade", &cascade))
            .query(&progenitor_client::QueryParam::new("project", &project))
            .query(&progenitor_client::QueryParam::new(
                "propagationPolicy",
                &propagation_policy,
            ))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "delete_application",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            409u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            415u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Patch an application

    Applies a JSON patch or merge patch to the application, under the rules of a replacement.

    Sends a `PATCH` request to `/api/v1/applications/{name}`

    Arguments:
    - `name`: Name of the application.
    - `body`
    */
    pub async fn patch_application<'a>(
        &'a self,
        name: &'a str,
        body: &'a types::ApplicationPatchRequest,
    ) -> Result<ResponseValue<types::Application>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/applications/{}",
            self.baseurl,
            encode_path(&name.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .patch(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "patch_application",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            409u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            415u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Replace an application's specification

    Replaces the specification alone and returns it.

    Sends a `PUT` request to `/api/v1/applications/{name}/spec`

    Arguments:
    - `name`: Name of the application.
    - `app_namespace`: Namespace of the application.
    - `project`: Project that the application must belong to.
    - `validate`: Whether the source is read and rendered before the application is stored.
    - `body`
    */
    pub async fn update_application_spec<'a>(
        &'a self,
        name: &'a str,
        app_namespace: Option<&'a str>,
        project: Option<&'a str>,
        validate: Option<bool>,
        body: &'a types::ApplicationSpec,
    ) -> Result<ResponseValue<types::ApplicationSpec>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/applications/{}/spec",
            self.baseurl,
            encode_path(&name.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .put(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .query(&progenitor_client::QueryParam::new(
                "appNamespace",
                &app_namespace,
            ))
            .query(&progenitor_client::QueryParam::new("project", &project))
            .query(&progenitor_client::QueryParam::new("validate", &validate))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "update_application_spec",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            409u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            415u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Synchronise an application

    Queues a synchronisation and answers with the application. It is done when `operation` is gone and `status.operationState` has a final phase.

    Sends a `POST` request to `/api/v1/applications/{name}/sync`

    Arguments:
    - `name`: Name of the application.
    - `body`
    */
    pub async fn sync_application<'a>(
        &'a self,
        name: &'a str,
        body: &'a types::SyncRequest,
    ) -> Result<ResponseValue<types::Application>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/applications/{}/sync",
            self.baseurl,
            encode_path(&name.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .post(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "sync_application",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            409u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            415u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Roll an application back

    Queues the synchronisation of an earlier deployment. The specification stays as it is.

    Sends a `POST` request to `/api/v1/applications/{name}/rollback`

    Arguments:
    - `name`: Name of the application.
    - `body`
    */
    pub async fn rollback_application<'a>(
        &'a self,
        name: &'a str,
        body: &'a types::RollbackRequest,
    ) -> Result<ResponseValue<types::Application>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/applications/{}/rollback",
            self.baseurl,
            encode_path(&name.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .post(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "rollback_application",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            409u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            415u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Terminate an operation

    Ends the operation that is queued or under way.

    Sends a `DELETE` request to `/api/v1/applications/{name}/operation`

    Arguments:
    - `name`: Name of the application.
    - `app_namespace`: Namespace of the application.
    - `project`: Project that the application must belong to.
    */
    pub async fn terminate_operation<'a>(
        &'a self,
        name: &'a str,
        app_namespace: Option<&'a str>,
        project: Option<&'a str>,
    ) -> Result<ResponseValue<types::Empty>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/applications/{}/operation",
            self.baseurl,
            encode_path(&name.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .delete(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new(
                "appNamespace",
                &app_namespace,
            ))
            .query(&progenitor_client::QueryParam::new("project", &project))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "terminate_operation",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            409u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            415u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Render an application

    Answers the manifests of the application as they would be applied, each as a JSON text. Values of Secrets are masked.

    Sends a `GET` request to `/api/v1/applications/{name}/manifests`

    Arguments:
    - `name`: Name of the application.
    - `app_namespace`: Namespace of the application.
    - `project`: Project that the application must belong to.
    - `revision`: Revision to render instead of the target revision.
    - `revisions`: Revisions of these sources; can be repeated.
    - `source_positions`: Positions, from 1, of the sources whose revisions are given; can be repeated.
    */
    pub async fn get_application_manifests<'a>(
        &'a self,
        name: &'a str,
        app_namespace: Option<&'a str>,
        project: Option<&'a str>,
        revision: Option<&'a str>,
        revisions: Option<&'a ::std::vec::Vec<::std::string::String>>,
        source_positions: Option<&'a ::std::vec::Vec<::std::string::String>>,
    ) -> Result<ResponseValue<types::ManifestResponse>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/applications/{}/manifests",
            self.baseurl,
            encode_path(&name.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new(
                "appNamespace",
                &app_namespace,
            ))
            .query(&progenitor_client::QueryParam::new("project", &project))
            .query(&progenitor_client::QueryParam::new("revision", &revision))
            .query(&progenitor_client::QueryParam::new("revisions", &revisions))
            .query(&progenitor_client::QueryParam::new(
                "sourcePositions",
                &source_positions,
            ))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "get_application_manifests",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Objects of an application

    Answers the live objects of the application and everything that they own.

    Sends a `GET` request to `/api/v1/applications/{name}/resource-tree`

    Arguments:
    - `name`: Name of the application.
    - `app_namespace`: Namespace of the application.
    - `group`: Only objects of this API group.
    - `kind`: Only objects of this kind.
    - `namespace`: Only objects in this namespace.
    - `project`: Project that the application must belong to.
    - `resource_name`: Only objects of this name.
    - `version`: Only objects of this API version.
    */
    pub async fn get_application_resource_tree<'a>(
        &'a self,
        name: &'a str,
        app_namespace: Option<&'a str>,
        group: Option<&'a str>,
        kind: Option<&'a str>,
        namespace: Option<&'a str>,
        project: Option<&'a str>,
        resource_name: Option<&'a str>,
        version: Option<&'a str>,
    ) -> Result<ResponseValue<types::ApplicationTree>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/applications/{}/resource-tree",
            self.baseurl,
            encode_path(&name.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new(
                "appNamespace",
                &app_namespace,
            ))
            .query(&progenitor_client::QueryParam::new("group", &group))
            .query(&progenitor_client::QueryParam::new("kind", &kind))
            .query(&progenitor_client::QueryParam::new("namespace", &namespace))
            .query(&progenitor_client::QueryParam::new("project", &project))
            .query(&progenitor_client::QueryParam::new(
                "resourceName",
                &resource_name,
            ))
            .query(&progenitor_client::QueryParam::new("version", &version))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "get_application_resource_tree",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Target and live state of an application

    Answers for each object of the application what Git states, what is live, and the fields in which they differ. Values of Secrets are masked.

    Sends a `GET` request to `/api/v1/applications/{name}/managed-resources`

    Arguments:
    - `name`: Name of the application.
    - `app_namespace`: Namespace of the application.
    - `group`: Only objects of this API group.
    - `kind`: Only objects of this kind.
    - `namespace`: Only objects in this namespace.
    - `project`: Project that the application must belong to.
    - `resource_name`: Only objects of this name.
    - `version`: Only objects of this API version.
    */
    pub async fn list_managed_resources<'a>(
        &'a self,
        name: &'a str,
        app_namespace: Option<&'a str>,
        group: Option<&'a str>,
        kind: Option<&'a str>,
        namespace: Option<&'a str>,
        project: Option<&'a str>,
        resource_name: Option<&'a str>,
        version: Option<&'a str>,
    ) -> Result<ResponseValue<types::ManagedResourcesResponse>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/applications/{}/managed-resources",
            self.baseurl,
            encode_path(&name.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new(
                "appNamespace",
                &app_namespace,
            ))
            .query(&progenitor_client::QueryParam::new("group", &group))
            .query(&progenitor_client::QueryParam::new("kind", &kind))
            .query(&progenitor_client::QueryParam::new("namespace", &namespace))
            .query(&progenitor_client::QueryParam::new("project", &project))
            .query(&progenitor_client::QueryParam::new(
                "resourceName",
                &resource_name,
            ))
            .query(&progenitor_client::QueryParam::new("version", &version))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "list_managed_resources",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Read an object of an application

    Answers a live object of the application or one that its objects own, as a JSON text. Values of Secrets are masked.

    Sends a `GET` request to `/api/v1/applications/{name}/resource`

    Arguments:
    - `name`: Name of the application.
    - `app_namespace`: Namespace of the application.
    - `group`: API group of the object.
    - `kind`: Kind of the object.
    - `namespace`: Namespace of the object.
    - `project`: Project that the application must belong to.
    - `resource_name`: Name of the object.
    - `version`: API version of the object.
    */
    pub async fn get_application_resource<'a>(
        &'a self,
        name: &'a str,
        app_namespace: Option<&'a str>,
        group: Option<&'a str>,
        kind: Option<&'a str>,
        namespace: Option<&'a str>,
        project: Option<&'a str>,
        resource_name: Option<&'a str>,
        version: Option<&'a str>,
    ) -> Result<ResponseValue<types::ApplicationResourceResponse>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/applications/{}/resource",
            self.baseurl,
            encode_path(&name.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new(
                "appNamespace",
                &app_namespace,
            ))
            .query(&progenitor_client::QueryParam::new("group", &group))
            .query(&progenitor_client::QueryParam::new("kind", &kind))
            .query(&progenitor_client::QueryParam::new("namespace", &namespace))
            .query(&progenitor_client::QueryParam::new("project", &project))
            .query(&progenitor_client::QueryParam::new(
                "resourceName",
                &resource_name,
            ))
            .query(&progenitor_client::QueryParam::new("version", &version))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "get_application_resource",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Change an object of an application

    Patches a live object of the application. The body is the patch, as a JSON string.

    Sends a `POST` request to `/api/v1/applications/{name}/resource`

    Arguments:
    - `name`: Name of the application.
    - `app_namespace`: Namespace of the application.
    - `group`: API group of the object.
    - `kind`: Kind of the object.
    - `namespace`: Namespace of the object.
    - `patch_type`: Media type of the patch: `application/merge-patch+json`, `application/strategic-merge-patch+json` or `application/json-patch+json`.
    - `project`: Project that the application must belong to.
    - `resource_name`: Name of the object.
    - `version`: API version of the object.
    - `body`
    */
    pub async fn patch_application_resource<'a>(
        &'a self,
        name: &'a str,
        app_namespace: Option<&'a str>,
        group: Option<&'a str>,
        kind: Option<&'a str>,
        namespace: Option<&'a str>,
        patch_type: Option<&'a str>,
        project: Option<&'a str>,
        resource_name: Option<&'a str>,
        version: Option<&'a str>,
        body: &'a str,
    ) -> Result<ResponseValue<types::ApplicationResourceResponse>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/applications/{}/resource",
            self.baseurl,
            encode_path(&name.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .post(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .query(&progenitor_client::QueryParam::new(
                "appNamespace",
                &app_namespace,
            ))
            .query(&progenitor_client::QueryParam::new("group", &group))
            .query(&progenitor_client::QueryParam::new("kind", &kind))
            .query(&progenitor_client::QueryParam::new("namespace", &namespace))
            .query(&progenitor_client::QueryParam::new(
                "patchType",
                &patch_type,
            ))
            .query(&progenitor_client::QueryParam::new("project", &project))
            .query(&progenitor_client::QueryParam::new(
                "resourceName",
                &resource_name,
            ))
            .query(&progenitor_client::QueryParam::new("version", &version))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "patch_application_resource",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            409u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            415u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Delete an object of an application

    Deletes a live object of the application or one that its objects own.

    Sends a `DELETE` request to `/api/v1/applications/{name}/resource`

    Arguments:
    - `name`: Name of the application.
    - `app_namespace`: Namespace of the application.
    - `force`: Whether the object is deleted at once, without a grace period.
    - `group`: API group of the object.
    - `kind`: Kind of the object.
    - `namespace`: Namespace of the object.
    - `orphan`: Whether what the object owns stays.
    - `project`: Project that the application must belong to.
    - `resource_name`: Name of the object.
    - `version`: API version of the object.
    */
    pub async fn delete_application_resource<'a>(
        &'a self,
        name: &'a str,
        app_namespace: Option<&'a str>,
        force: Option<bool>,
        group: Option<&'a str>,
        kind: Option<&'a str>,
        namespace: Option<&'a str>,
        orphan: Option<bool>,
        project: Option<&'a str>,
        resource_name: Option<&'a str>,
        version: Option<&'a str>,
    ) -> Result<ResponseValue<types::Empty>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/applications/{}/resource",
            self.baseurl,
            encode_path(&name.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .delete(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new(
                "appNamespace",
                &app_namespace,
            ))
            .query(&progenitor_client::QueryParam::new("force", &force))
            .query(&progenitor_client::QueryParam::new("group", &group))
            .query(&progenitor_client::QueryParam::new("kind", &kind))
            .query(&progenitor_client::QueryParam::new("namespace", &namespace))
            .query(&progenitor_client::QueryParam::new("orphan", &orphan))
            .query(&progenitor_client::QueryParam::new("project", &project))
            .query(&progenitor_client::QueryParam::new(
                "resourceName",
                &resource_name,
            ))
            .query(&progenitor_client::QueryParam::new("version", &version))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "delete_application_resource",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            409u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            415u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Actions for an object

    Answers what can be done with a live object of the application beyond changing its manifest.

    Sends a `GET` request to `/api/v1/applications/{name}/resource/actions`

    Arguments:
    - `name`: Name of the application.
    - `app_namespace`: Namespace of the application.
    - `group`: API group of the object.
    - `kind`: Kind of the object.
    - `namespace`: Namespace of the object.
    - `project`: Project that the application must belong to.
    - `resource_name`: Name of the object.
    - `version`: API version of the object.
    */
    pub async fn list_resource_actions<'a>(
        &'a self,
        name: &'a str,
        app_namespace: Option<&'a str>,
        group: Option<&'a str>,
        kind: Option<&'a str>,
        namespace: Option<&'a str>,
        project: Option<&'a str>,
        resource_name: Option<&'a str>,
        version: Option<&'a str>,
    ) -> Result<ResponseValue<types::ResourceActionsListResponse>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/applications/{}/resource/actions",
            self.baseurl,
            encode_path(&name.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new(
                "appNamespace",
                &app_namespace,
            ))
            .query(&progenitor_client::QueryParam::new("group", &group))
            .query(&progenitor_client::QueryParam::new("kind", &kind))
            .query(&progenitor_client::QueryParam::new("namespace", &namespace))
            .query(&progenitor_client::QueryParam::new("project", &project))
            .query(&progenitor_client::QueryParam::new(
                "resourceName",
                &resource_name,
            ))
            .query(&progenitor_client::QueryParam::new("version", &version))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "list_resource_actions",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Run an action on an object

    Runs an action without parameters; the body is its name as a JSON string. Prefer the second version of this operation.

    Sends a `POST` request to `/api/v1/applications/{name}/resource/actions`

    Arguments:
    - `name`: Name of the application.
    - `app_namespace`: Namespace of the application.
    - `group`: API group of the object.
    - `kind`: Kind of the object.
    - `namespace`: Namespace of the object.
    - `project`: Project that the application must belong to.
    - `resource_name`: Name of the object.
    - `version`: API version of the object.
    - `body`
    */
    pub async fn run_resource_action<'a>(
        &'a self,
        name: &'a str,
        app_namespace: Option<&'a str>,
        group: Option<&'a str>,
        kind: Option<&'a str>,
        namespace: Option<&'a str>,
        project: Option<&'a str>,
        resource_name: Option<&'a str>,
        version: Option<&'a str>,
        body: &'a str,
    ) -> Result<ResponseValue<types::Empty>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/applications/{}/resource/actions",
            self.baseurl,
            encode_path(&name.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .post(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .query(&progenitor_client::QueryParam::new(
                "appNamespace",
                &app_namespace,
            ))
            .query(&progenitor_client::QueryParam::new("group", &group))
            .query(&progenitor_client::QueryParam::new("kind", &kind))
            .query(&progenitor_client::QueryParam::new("namespace", &namespace))
            .query(&progenitor_client::QueryParam::new("project", &project))
            .query(&progenitor_client::QueryParam::new(
                "resourceName",
                &resource_name,
            ))
            .query(&progenitor_client::QueryParam::new("version", &version))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "run_resource_action",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            409u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            415u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Run an action on an object

    Runs an action on a live object of the application.

    Sends a `POST` request to `/api/v1/applications/{name}/resource/actions/v2`

    Arguments:
    - `name`: Name of the application.
    - `body`
    */
    pub async fn run_resource_action_v2<'a>(
        &'a self,
        name: &'a str,
        body: &'a types::ResourceActionRunRequest,
    ) -> Result<ResponseValue<types::Empty>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/applications/{}/resource/actions/v2",
            self.baseurl,
            encode_path(&name.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .post(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "run_resource_action_v2",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            409u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            415u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Events of an application

    Answers the events of the application, or of one of its objects, as Kubernetes writes them.

    Sends a `GET` request to `/api/v1/applications/{name}/events`

    Arguments:
    - `name`: Name of the application.
    - `app_namespace`: Namespace of the application.
    - `project`: Project that the application must belong to.
    - `resource_name`: Name of the object.
    - `resource_namespace`: Namespace of the object.
    - `resource_uid`: Identity of the object.
    */
    pub async fn list_application_events<'a>(
        &'a self,
        name: &'a str,
        app_namespace: Option<&'a str>,
        project: Option<&'a str>,
        resource_name: Option<&'a str>,
        resource_namespace: Option<&'a str>,
        resource_uid: Option<&'a str>,
    ) -> Result<ResponseValue<::serde_json::Value>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/applications/{}/events",
            self.baseurl,
            encode_path(&name.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new(
                "appNamespace",
                &app_namespace,
            ))
            .query(&progenitor_client::QueryParam::new("project", &project))
            .query(&progenitor_client::QueryParam::new(
                "resourceName",
                &resource_name,
            ))
            .query(&progenitor_client::QueryParam::new(
                "resourceNamespace",
                &resource_namespace,
            ))
            .query(&progenitor_client::QueryParam::new(
                "resourceUID",
                &resource_uid,
            ))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "list_application_events",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Logs of an application

    Streams the log lines of the pods of an object: one JSON object a line, or events when the client accepts `text/event-stream`.

    Sends a `GET` request to `/api/v1/applications/{name}/logs`

    Arguments:
    - `name`: Name of the application.
    - `app_namespace`: Namespace of the application.
    - `container`: Container; empty means the first.
    - `download`: Whether the answer is a plain text to keep.
    - `filter`: Only lines that hold this text; with `!` before it, only lines that do not.
    - `follow`: Whether the answer goes on with lines as they are written.
    - `group`: API group of the object whose pods are read.
    - `kind`: Kind of the object whose pods are read.
    - `match_case`: Whether the filter distinguishes upper and lower case.
    - `namespace`: Namespace of the pods.
    - `pod_name`: Only this pod.
    - `previous`: Whether the container before the last restart is read.
    - `project`: Project that the application must belong to.
    - `resource_name`: Name of the object whose pods are read.
    - `since_seconds`: Only lines of the last seconds.
    - `since_time`: Only lines since this time, RFC 3339.
    - `tail_lines`: Only so many lines from the end.
    - `until_time`: Ends at this time, RFC 3339.
    */
    pub async fn get_application_logs<'a>(
        &'a self,
        name: &'a str,
        app_namespace: Option<&'a str>,
        container: Option<&'a str>,
        download: Option<bool>,
        filter: Option<&'a str>,
        follow: Option<bool>,
        group: Option<&'a str>,
        kind: Option<&'a str>,
        match_case: Option<bool>,
        namespace: Option<&'a str>,
        pod_name: Option<&'a str>,
        previous: Option<bool>,
        project: Option<&'a str>,
        resource_name: Option<&'a str>,
        since_seconds: Option<&'a str>,
        since_time: Option<&'a str>,
        tail_lines: Option<&'a str>,
        until_time: Option<&'a str>,
    ) -> Result<ResponseValue<ByteStream>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/applications/{}/logs",
            self.baseurl,
            encode_path(&name.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .query(&progenitor_client::QueryParam::new(
                "appNamespace",
                &app_namespace,
            ))
            .query(&progenitor_client::QueryParam::new("container", &container))
            .query(&progenitor_client::QueryParam::new("download", &download))
            .query(&progenitor_client::QueryParam::new("filter", &filter))
            .query(&progenitor_client::QueryParam::new("follow", &follow))
            .query(&progenitor_client::QueryParam::new("group", &group))
            .query(&progenitor_client::QueryParam::new("kind", &kind))
            .query(&progenitor_client::QueryParam::new(
                "matchCase",
                &match_case,
            ))
            .query(&progenitor_client::QueryParam::new("namespace", &namespace))
            .query(&progenitor_client::QueryParam::new("podName", &pod_name))
            .query(&progenitor_client::QueryParam::new("previous", &previous))
            .query(&progenitor_client::QueryParam::new("project", &project))
            .query(&progenitor_client::QueryParam::new(
                "resourceName",
                &resource_name,
            ))
            .query(&progenitor_client::QueryParam::new(
                "sinceSeconds",
                &since_seconds,
            ))
            .query(&progenitor_client::QueryParam::new(
                "sinceTime",
                &since_time,
            ))
            .query(&progenitor_client::QueryParam::new(
                "tailLines",
                &tail_lines,
            ))
            .query(&progenitor_client::QueryParam::new(
                "untilTime",
                &until_time,
            ))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "get_application_logs",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => Ok(ResponseValue::stream(response)),
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Logs of a pod

    Streams the log lines of a pod of the application, as the logs of the application are.

    Sends a `GET` request to `/api/v1/applications/{name}/pods/{pod_name}/logs`

    Arguments:
    - `name`: Name of the application.
    - `pod_name`: Name of the pod.
    - `app_namespace`: Namespace of the application.
    - `container`: Container; empty means the first.
    - `download`: Whether the answer is a plain text to keep.
    - `filter`: Only lines that hold this text; with `!` before it, only lines that do not.
    - `follow`: Whether the answer goes on with lines as they are written.
    - `group`: API group of the object whose pods are read.
    - `kind`: Kind of the object whose pods are read.
    - `match_case`: Whether the filter distinguishes upper and lower case.
    - `namespace`: Namespace of the pods.
    - `previous`: Whether the container before the last restart is read.
    - `project`: Project that the application must belong to.
    - `resource_name`: Name of the object whose pods are read.
    - `since_seconds`: Only lines of the last seconds.
    - `since_time`: Only lines since this time, RFC 3339.
    - `tail_lines`: Only so many lines from the end.
    - `until_time`: Ends at this time, RFC 3339.
    */
    pub async fn get_pod_logs<'a>(
        &'a self,
        name: &'a str,
        pod_name: &'a str,
        app_namespace: Option<&'a str>,
        container: Option<&'a str>,
        download: Option<bool>,
        filter: Option<&'a str>,
        follow: Option<bool>,
        group: Option<&'a str>,
        kind: Option<&'a str>,
        match_case: Option<bool>,
        namespace: Option<&'a str>,
        previous: Option<bool>,
        project: Option<&'a str>,
        resource_name: Option<&'a str>,
        since_seconds: Option<&'a str>,
        since_time: Option<&'a str>,
        tail_lines: Option<&'a str>,
        until_time: Option<&'a str>,
    ) -> Result<ResponseValue<ByteStream>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/applications/{}/pods/{}/logs",
            self.baseurl,
            encode_path(&name.to_string()),
            encode_path(&pod_name.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .query(&progenitor_client::QueryParam::new(
                "appNamespace",
                &app_namespace,
            ))
            .query(&progenitor_client::QueryParam::new("container", &container))
            .query(&progenitor_client::QueryParam::new("download", &download))
            .query(&progenitor_client::QueryParam::new("filter", &filter))
            .query(&progenitor_client::QueryParam::new("follow", &follow))
            .query(&progenitor_client::QueryParam::new("group", &group))
            .query(&progenitor_client::QueryParam::new("kind", &kind))
            .query(&progenitor_client::QueryParam::new(
                "matchCase",
                &match_case,
            ))
            .query(&progenitor_client::QueryParam::new("namespace", &namespace))
            .query(&progenitor_client::QueryParam::new("previous", &previous))
            .query(&progenitor_client::QueryParam::new("project", &project))
            .query(&progenitor_client::QueryParam::new(
                "resourceName",
                &resource_name,
            ))
            .query(&progenitor_client::QueryParam::new(
                "sinceSeconds",
                &since_seconds,
            ))
            .query(&progenitor_client::QueryParam::new(
                "sinceTime",
                &since_time,
            ))
            .query(&progenitor_client::QueryParam::new(
                "tailLines",
                &tail_lines,
            ))
            .query(&progenitor_client::QueryParam::new(
                "untilTime",
                &until_time,
            ))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "get_pod_logs",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => Ok(ResponseValue::stream(response)),
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Sync windows of an application

    Answers which windows of the project concern the application, and whether it may be synchronised now.

    Sends a `GET` request to `/api/v1/applications/{name}/syncwindows`

    Arguments:
    - `name`: Name of the application.
    - `app_namespace`: Namespace of the application.
    - `project`: Project that the application must belong to.
    */
    pub async fn get_application_sync_windows<'a>(
        &'a self,
        name: &'a str,
        app_namespace: Option<&'a str>,
        project: Option<&'a str>,
    ) -> Result<ResponseValue<types::ApplicationSyncWindowsResponse>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/applications/{}/syncwindows",
            self.baseurl,
            encode_path(&name.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new(
                "appNamespace",
                &app_namespace,
            ))
            .query(&progenitor_client::QueryParam::new("project", &project))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "get_application_sync_windows",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Operations of an application

    Answers what was done to the application, newest first: who, when, from which revision, with which options, and with which result for each object.

    Sends a `GET` request to `/api/v1/applications/{name}/operations`

    Arguments:
    - `name`: Name of the application.
    - `app_namespace`: Namespace of the application.
    - `before`: Only operations before this number.
    - `limit`: Operations at most; 100 when it is not given.
    - `project`: Project that the application must belong to.
    */
    pub async fn list_application_operations<'a>(
        &'a self,
        name: &'a str,
        app_namespace: Option<&'a str>,
        before: Option<&'a str>,
        limit: Option<&'a str>,
        project: Option<&'a str>,
    ) -> Result<ResponseValue<types::OperationRecordList>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/applications/{}/operations",
            self.baseurl,
            encode_path(&name.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new(
                "appNamespace",
                &app_namespace,
            ))
            .query(&progenitor_client::QueryParam::new("before", &before))
            .query(&progenitor_client::QueryParam::new("limit", &limit))
            .query(&progenitor_client::QueryParam::new("project", &project))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "list_application_operations",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Metadata of a revision

    Answers who made a commit, when, and why.

    Sends a `GET` request to `/api/v1/applications/{name}/revisions/{revision}/metadata`

    Arguments:
    - `name`: Name of the application.
    - `revision`: Commit.
    - `app_namespace`: Namespace of the application.
    - `project`: Project that the application must belong to.
    - `source_index`: Position of the source, from 0.
    - `version_id`: Number in the history; its source is used.
    */
    pub async fn get_revision_metadata<'a>(
        &'a self,
        name: &'a str,
        revision: &'a str,
        app_namespace: Option<&'a str>,
        project: Option<&'a str>,
        source_index: Option<&'a str>,
        version_id: Option<&'a str>,
    ) -> Result<ResponseValue<types::RevisionMetadata>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/applications/{}/revisions/{}/metadata",
            self.baseurl,
            encode_path(&name.to_string()),
            encode_path(&revision.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new(
                "appNamespace",
                &app_namespace,
            ))
            .query(&progenitor_client::QueryParam::new("project", &project))
            .query(&progenitor_client::QueryParam::new(
                "sourceIndex",
                &source_index,
            ))
            .query(&progenitor_client::QueryParam::new(
                "versionId",
                &version_id,
            ))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "get_revision_metadata",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**List projects

    The projects that the caller may see, sorted by name.

    Sends a `GET` request to `/api/v1/projects`

    */
    pub async fn list_projects<'a>(
        &'a self,
    ) -> Result<ResponseValue<types::ProjectList>, Error<types::Error>> {
        let url = format!("{}/api/v1/projects", self.baseurl,);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "list_projects",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Create a project

    Checks and stores a new project. Creating the same project again is no error.

    Sends a `POST` request to `/api/v1/projects`

    Arguments:
    - `upsert`: Whether an existing project of this name is replaced.
    - `body`
    */
    pub async fn create_project<'a>(
        &'a self,
        upsert: Option<bool>,
        body: &'a types::ProjectRequest,
    ) -> Result<ResponseValue<types::AppProject>, Error<types::Error>> {
        let url = format!("{}/api/v1/projects", self.baseurl,);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .post(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .query(&progenitor_client::QueryParam::new("upsert", &upsert))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "create_project",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            409u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            415u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Read a project

    The project.

    Sends a `GET` request to `/api/v1/projects/{name}`

    Arguments:
    - `name`: Name of the project.
    */
    pub async fn get_project<'a>(
        &'a self,
        name: &'a str,
    ) -> Result<ResponseValue<types::AppProject>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/projects/{}",
            self.baseurl,
            encode_path(&name.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "get_project",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Replace a project

    Replaces the project. Refused when it would leave an application without a permitted source or destination.

    Sends a `PUT` request to `/api/v1/projects/{name}`

    Arguments:
    - `name`: Name of the project.
    - `body`
    */
    pub async fn update_project<'a>(
        &'a self,
        name: &'a str,
        body: &'a types::ProjectRequest,
    ) -> Result<ResponseValue<types::AppProject>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/projects/{}",
            self.baseurl,
            encode_path(&name.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .put(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "update_project",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            409u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            415u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Delete a project

    Deletes a project that no application belongs to.

    Sends a `DELETE` request to `/api/v1/projects/{name}`

    Arguments:
    - `name`: Name of the project.
    */
    pub async fn delete_project<'a>(
        &'a self,
        name: &'a str,
    ) -> Result<ResponseValue<types::Empty>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/projects/{}",
            self.baseurl,
            encode_path(&name.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .delete(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "delete_project",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            409u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            415u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**List repositories

    The repositories with the result of the last connection test.

    Sends a `GET` request to `/api/v1/repositories`

    Arguments:
    - `app_project`: Only repositories of this project.
    - `force_refresh`: Whether every connection is tested now.
    - `repo`: Only the repository with this URL.
    */
    pub async fn list_repositories<'a>(
        &'a self,
        app_project: Option<&'a str>,
        force_refresh: Option<bool>,
        repo: Option<&'a str>,
    ) -> Result<ResponseValue<types::RepositoryList>, Error<types::Error>> {
        let url = format!("{}/api/v1/repositories", self.baseurl,);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new(
                "appProject",
                &app_project,
            ))
            .query(&progenitor_client::QueryParam::new(
                "forceRefresh",
                &force_refresh,
            ))
            .query(&progenitor_client::QueryParam::new("repo", &repo))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "list_repositories",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Register a repository

    Tests the connection and stores the repository. Registering the same repository again is no error.

    Sends a `POST` request to `/api/v1/repositories`

    Arguments:
    - `creds_only`: Accepted for compatibility.
    - `upsert`: Whether an existing repository is replaced.
    - `body`
    */
    pub async fn create_repository<'a>(
        &'a self,
        creds_only: Option<bool>,
        upsert: Option<bool>,
        body: &'a types::Repository,
    ) -> Result<ResponseValue<types::Repository>, Error<types::Error>> {
        let url = format!("{}/api/v1/repositories", self.baseurl,);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .post(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .query(&progenitor_client::QueryParam::new(
                "credsOnly",
                &creds_only,
            ))
            .query(&progenitor_client::QueryParam::new("upsert", &upsert))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "create_repository",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            409u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            415u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Read a repository

    The repository with the result of the last connection test.

    Sends a `GET` request to `/api/v1/repositories/{repo}`

    Arguments:
    - `repo`: URL of the repository, percent-encoded.
    - `app_project`: Project of the repository, when several have the same URL.
    - `force_refresh`: Whether the connection is tested now.
    */
    pub async fn get_repository<'a>(
        &'a self,
        repo: &'a str,
        app_project: Option<&'a str>,
        force_refresh: Option<bool>,
    ) -> Result<ResponseValue<types::Repository>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/repositories/{}",
            self.baseurl,
            encode_path(&repo.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new(
                "appProject",
                &app_project,
            ))
            .query(&progenitor_client::QueryParam::new(
                "forceRefresh",
                &force_refresh,
            ))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "get_repository",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Replace a repository

    Tests the connection and replaces the repository. Credentials that are not given stay.

    Sends a `PUT` request to `/api/v1/repositories/{repo}`

    Arguments:
    - `repo`: URL of the repository, percent-encoded.
    - `app_project`: Project of the repository, when several have the same URL.
    - `force_refresh`: Whether the connection is tested now.
    - `body`
    */
    pub async fn update_repository<'a>(
        &'a self,
        repo: &'a str,
        app_project: Option<&'a str>,
        force_refresh: Option<bool>,
        body: &'a types::Repository,
    ) -> Result<ResponseValue<types::Repository>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/repositories/{}",
            self.baseurl,
            encode_path(&repo.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .put(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .query(&progenitor_client::QueryParam::new(
                "appProject",
                &app_project,
            ))
            .query(&progenitor_client::QueryParam::new(
                "forceRefresh",
                &force_refresh,
            ))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "update_repository",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            409u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            415u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Remove a repository

    Removes the registration. Applications that use the repository stay as they are.

    Sends a `DELETE` request to `/api/v1/repositories/{repo}`

    Arguments:
    - `repo`: URL of the repository, percent-encoded.
    - `app_project`: Project of the repository, when several have the same URL.
    - `force_refresh`: Whether the connection is tested now.
    */
    pub async fn delete_repository<'a>(
        &'a self,
        repo: &'a str,
        app_project: Option<&'a str>,
        force_refresh: Option<bool>,
    ) -> Result<ResponseValue<types::Empty>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/repositories/{}",
            self.baseurl,
            encode_path(&repo.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .delete(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new(
                "appProject",
                &app_project,
            ))
            .query(&progenitor_client::QueryParam::new(
                "forceRefresh",
                &force_refresh,
            ))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "delete_repository",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            409u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            415u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Look at a source

    Answers what lies at a path of a repository: the type, and the parameters that it takes.

    Sends a `POST` request to `/api/v1/repositories/{repo}/appdetails`

    Arguments:
    - `repo`: URL of the repository, percent-encoded.
    - `body`
    */
    pub async fn get_app_details<'a>(
        &'a self,
        repo: &'a str,
        body: &'a types::RepoAppDetailsQuery,
    ) -> Result<ResponseValue<types::RepoAppDetailsResponse>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/repositories/{}/appdetails",
            self.baseurl,
            encode_path(&repo.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .post(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "get_app_details",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            409u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            415u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**List clusters

    The clusters that the caller may see, with what was observed of them.

    Sends a `GET` request to `/api/v1/clusters`

    Arguments:
    - `id_type`: What `id.value` is: `name`, `name_escaped`, or `server` (the default).
    - `id_value`: Only the cluster with this URL or name.
    - `name`: Only the cluster of this name.
    - `server`: Only the cluster with this URL.
    */
    pub async fn list_clusters<'a>(
        &'a self,
        id_type: Option<&'a str>,
        id_value: Option<&'a str>,
        name: Option<&'a str>,
        server: Option<&'a str>,
    ) -> Result<ResponseValue<types::ClusterList>, Error<types::Error>> {
        let url = format!("{}/api/v1/clusters", self.baseurl,);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new("id.type", &id_type))
            .query(&progenitor_client::QueryParam::new("id.value", &id_value))
            .query(&progenitor_client::QueryParam::new("name", &name))
            .query(&progenitor_client::QueryParam::new("server", &server))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "list_clusters",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Register a cluster

    Contacts the API server and stores the cluster. Registering the same cluster again is no error.

    Sends a `POST` request to `/api/v1/clusters`

    Arguments:
    - `upsert`: Whether an existing cluster is replaced.
    - `body`
    */
    pub async fn create_cluster<'a>(
        &'a self,
        upsert: Option<bool>,
        body: &'a types::Cluster,
    ) -> Result<ResponseValue<types::Cluster>, Error<types::Error>> {
        let url = format!("{}/api/v1/clusters", self.baseurl,);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .post(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .query(&progenitor_client::QueryParam::new("upsert", &upsert))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "create_cluster",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            409u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            415u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Read a cluster

    The cluster, with what was observed of it.

    Sends a `GET` request to `/api/v1/clusters/{id_value}`

    Arguments:
    - `id_value`: URL or name of the cluster, percent-encoded.
    - `id_type`: What the path names: `name`, `name_escaped`, or `server` (the default).
    */
    pub async fn get_cluster<'a>(
        &'a self,
        id_value: &'a str,
        id_type: Option<&'a str>,
    ) -> Result<ResponseValue<types::Cluster>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/clusters/{}",
            self.baseurl,
            encode_path(&id_value.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new("id.type", &id_type))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "get_cluster",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Replace a cluster

    Replaces the cluster, or only the fields named by `updatedFields`. Credentials that are not given stay.

    Sends a `PUT` request to `/api/v1/clusters/{id_value}`

    Arguments:
    - `id_value`: URL or name of the cluster, percent-encoded.
    - `id_type`: What the path names: `name`, `name_escaped`, or `server` (the default).
    - `updated_fields`: Fields to replace; can be repeated.
    - `body`
    */
    pub async fn update_cluster<'a>(
        &'a self,
        id_value: &'a str,
        id_type: Option<&'a str>,
        updated_fields: Option<&'a ::std::vec::Vec<::std::string::String>>,
        body: &'a types::Cluster,
    ) -> Result<ResponseValue<types::Cluster>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/clusters/{}",
            self.baseurl,
            encode_path(&id_value.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .put(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .query(&progenitor_client::QueryParam::new("id.type", &id_type))
            .query(&progenitor_client::QueryParam::new(
                "updatedFields",
                &updated_fields,
            ))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "update_cluster",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            409u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            415u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Remove a cluster

    Removes the registration. Objects in the cluster stay.

    Sends a `DELETE` request to `/api/v1/clusters/{id_value}`

    Arguments:
    - `id_value`: URL or name of the cluster, percent-encoded.
    - `id_type`: What the path names: `name`, `name_escaped`, or `server` (the default).
    */
    pub async fn delete_cluster<'a>(
        &'a self,
        id_value: &'a str,
        id_type: Option<&'a str>,
    ) -> Result<ResponseValue<types::Empty>, Error<types::Error>> {
        let url = format!(
            "{}/api/v1/clusters/{}",
            self.baseurl,
            encode_path(&id_value.to_string()),
        );
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .delete(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new("id.type", &id_type))
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "delete_cluster",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            409u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            415u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Log in

    Exchanges name and password for a bearer token, which is also set as a cookie.

    Sends a `POST` request to `/api/v1/session`

    */
    pub async fn create_session<'a>(
        &'a self,
        body: &'a types::CreateSessionRequest,
    ) -> Result<ResponseValue<types::SessionResponse>, Error<types::Error>> {
        let url = format!("{}/api/v1/session", self.baseurl,);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .post(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "create_session",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            415u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Log out

    Revokes the presented token for good and blanks the cookie.

    Sends a `DELETE` request to `/api/v1/session`

    */
    pub async fn delete_session<'a>(
        &'a self,
    ) -> Result<ResponseValue<types::Empty>, Error<types::Error>> {
        let url = format!("{}/api/v1/session", self.baseurl,);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .delete(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "delete_session",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            415u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Who is logged in

    Facts about the caller; an empty object when nobody is logged in.

    Sends a `GET` request to `/api/v1/session/userinfo`

    */
    pub async fn get_user_info<'a>(&'a self) -> Result<ResponseValue<types::UserInfo>, Error<()>> {
        let url = format!("{}/api/v1/session/userinfo", self.baseurl,);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "get_user_info",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Change a password

    Changes a password and ends every older session of the account.

    Sends a `PUT` request to `/api/v1/account/password`

    */
    pub async fn update_password<'a>(
        &'a self,
        body: &'a types::UpdatePasswordRequest,
    ) -> Result<ResponseValue<types::Empty>, Error<types::Error>> {
        let url = format!("{}/api/v1/account/password", self.baseurl,);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .put(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "update_password",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            403u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            404u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            415u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Read the version

    The version of this server; more about the build when logged in.

    Sends a `GET` request to `/api/v1/version`

    */
    pub async fn get_version<'a>(
        &'a self,
    ) -> Result<ResponseValue<types::VersionMessage>, Error<()>> {
        let url = format!("{}/api/v1/version", self.baseurl,);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "get_version",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Read the settings

    What clients need to know of the configuration; more when logged in.

    Sends a `GET` request to `/api/v1/settings`

    */
    pub async fn get_settings<'a>(
        &'a self,
    ) -> Result<ResponseValue<types::Settings>, Error<types::Error>> {
        let url = format!("{}/api/v1/settings", self.baseurl,);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "get_settings",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Read the version

    The same as `/api/v1/version`, at the address that clients use.

    Sends a `GET` request to `/api/version`

    */
    pub async fn get_api_version<'a>(
        &'a self,
    ) -> Result<ResponseValue<types::VersionMessage>, Error<()>> {
        let url = format!("{}/api/version", self.baseurl,);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "get_api_version",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
    /**Receive an event of a Git server

    Looks at the repositories that the event names at once, so that a push goes live without waiting for the next look. Understood are GitHub, GitLab, Gitea, Forgejo, Gogs, Bitbucket, Azure DevOps, told apart by their headers, and a generic form. When a secret is configured for the sender, the event has to prove that it knows it. Nothing else in the event is believed.

    Sends a `POST` request to `/api/webhook`

    */
    pub async fn receive_webhook<'a>(
        &'a self,
        body: &'a ::serde_json::Value,
    ) -> Result<ResponseValue<types::Empty>, Error<types::Error>> {
        let url = format!("{}/api/webhook", self.baseurl,);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut request = self
            .client
            .post(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "receive_webhook",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ResponseValue::from_response(response).await,
            400u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            401u16 => Err(Error::ErrorResponse(
                ResponseValue::from_response(response).await?,
            )),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
}
/// Items consumers will typically use such as the Client.
pub mod prelude {
    #[allow(unused_imports)]
    pub use super::Client;
}
