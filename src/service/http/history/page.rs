//! The page at `/history`: one file that asks this endpoint for everything it shows, and nobody else.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{Html, IntoResponse, Response};

use crate::service::http::page::{policy, whole};

static PAGE: LazyLock<String> = LazyLock::new(|| whole(include_str!("../history.html")));

/// Pictures and clips come from here, or from what was asked for here with the token.
static POLICY: LazyLock<String> =
    LazyLock::new(|| policy(&PAGE, "img-src 'self' blob:; media-src 'self' blob:"));

pub async fn page() -> Response {
    let policy = [(header::CONTENT_SECURITY_POLICY, POLICY.as_str())];
    (policy, Html(PAGE.as_str())).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_small_and_needs_nothing_else() {
        assert!(PAGE.len() < 64 * 1024, "{} bytes", PAGE.len());
        for word in ["http://", "https://", "innerHTML", " style=", " onclick="] {
            let found = PAGE
                .replace("http://www.w3.org/2000/svg", "")
                .contains(word);
            assert!(!found, "{word}");
        }
        assert!(!PAGE.contains(".js */"), "a part is missing");
        assert!(POLICY.starts_with("default-src 'none'; script-src 'sha256-"));
    }
}
