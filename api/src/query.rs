//! Reads queries as existing clients write them: a key can be repeated where the document says so, unknown keys are ignored,
//! and an empty value is an absent one.

use async_trait::async_trait;
use dropshot::{
    ApiEndpointBodyContentType, ExtractorMetadata, HttpError, RequestContext, ServerContext,
    SharedExtractor,
};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// A query that has not been read yet: who calls is established first.
#[derive(Debug)]
pub struct Query<T> {
    raw: String,
    shape: std::marker::PhantomData<fn() -> T>,
}

impl<T: FromQuery> Query<T> {
    /// Reads the query.
    ///
    /// # Errors
    /// 400, naming the parameter.
    pub fn read(&self) -> Result<T, ApiError> {
        T::from_query(&Pairs::parse(&self.raw))
    }
}

#[async_trait]
impl<T> SharedExtractor for Query<T>
where
    T: JsonSchema + DeserializeOwned + Send + Sync + 'static,
{
    async fn from_request<Context: ServerContext>(
        rqctx: &RequestContext<Context>,
    ) -> Result<Self, HttpError> {
        Ok(Self {
            raw: rqctx.request.uri().query().unwrap_or_default().to_owned(),
            shape: std::marker::PhantomData,
        })
    }

    fn metadata(body_content_type: ApiEndpointBodyContentType) -> ExtractorMetadata {
        dropshot::Query::<T>::metadata(body_content_type)
    }
}

/// A set of parameters that is read from a query.
pub trait FromQuery: Sized {
    /// Reads the parameters.
    ///
    /// # Errors
    /// 400, naming the parameter.
    fn from_query(pairs: &Pairs) -> Result<Self, ApiError>;
}

/// The decoded keys and values of a query, in order.
#[derive(Debug, Default)]
pub struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// Decodes a query.
    #[must_use]
    pub fn parse(raw: &str) -> Self {
        Self(
            form_urlencoded::parse(raw.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// Every non-empty value of a key.
    #[must_use]
    pub fn list(&self, key: &str) -> Vec<String> {
        self.0
            .iter()
            .filter(|(name, value)| name == key && !value.is_empty())
            .map(|(_, value)| value.clone())
            .collect()
    }

    /// The value of a key.
    ///
    /// # Errors
    /// When the key is given twice.
    pub fn text(&self, key: &str) -> Result<Option<String>, ApiError> {
        let mut values = self.list(key).into_iter();
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(ApiError::invalid(format!(
                "query parameter `{key}` is given more than once"
            ))),
            (value, None) => Ok(value),
        }
    }

    /// The value of a key that is on or off.
    ///
    /// # Errors
    /// When the key is given twice, or its value is neither `true` nor `false`.
    pub fn flag(&self, key: &str) -> Result<Option<bool>, ApiError> {
        match self.text(key)?.as_deref() {
            None => Ok(None),
            Some("true" | "True" | "TRUE" | "t" | "T" | "1") => Ok(Some(true)),
            Some("false" | "False" | "FALSE" | "f" | "F" | "0") => Ok(Some(false)),
            Some(other) => Err(ApiError::invalid(format!(
                "query parameter `{key}`: expected true or false, not `{}`",
                crate::body::shorten(other)
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_repeat_and_decode() {
        let pairs = Pairs::parse("projects=a&projects=b%2Fc&x=1&projects=&name=n+m&cascade=");
        assert_eq!(pairs.list("projects"), ["a", "b/c"]);
        assert_eq!(
            pairs.text("name").expect("one name").as_deref(),
            Some("n m")
        );
        assert_eq!(pairs.flag("cascade").expect("an empty flag"), None);
        assert!(pairs.text("projects").is_err());
    }

    #[test]
    fn a_flag_is_true_or_false() {
        assert_eq!(Pairs::parse("a=T").flag("a").expect("a flag"), Some(true));
        let error = Pairs::parse("a=yes").flag("a").expect_err("no flag");
        assert_eq!(
            error.message,
            "query parameter `a`: expected true or false, not `yes`"
        );
    }
}
