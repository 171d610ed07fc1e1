//! The page at `/`: one file that asks this endpoint for everything it shows, and nobody else.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

/// Parts of the pages' scripts: each stands in a file of its own, and goes where its name does.
const PARTS: [(&str, &str); 5] = [
    ("/* graph.js */", include_str!("graph.js")),
    ("/* pictures.js */", include_str!("pictures.js")),
    ("/* files.js */", include_str!("files.js")),
    ("/* happened.js */", include_str!("happened.js")),
    ("/* draw.js */", include_str!("draw.js")),
];

static PAGE: LazyLock<String> = LazyLock::new(|| whole(include_str!("page.html")));

/// Pictures come from here, or from what was asked for here with the token.
static POLICY: LazyLock<String> = LazyLock::new(|| policy(&PAGE, "img-src 'self' blob:"));

/// A page with the parts of its script, of which it has one.
pub fn whole(page: &str) -> String {
    let put = |page: String, (name, part): &(&str, &str)| page.replace(name, part);
    PARTS.iter().fold(page.to_owned(), put)
}

/// What a page may do: run its own script, ask this endpoint, and show what is `shown`. The last rule makes text that is taken for
/// HTML an error instead of an attack.
pub fn policy(page: &str, shown: &str) -> String {
    let (script, style) = (
        sum_of(page, "<script>", "</script>"),
        sum_of(page, "<style>", "</style>"),
    );
    format!(
        "default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; \
         connect-src 'self'; manifest-src 'self'; {shown}; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'; require-trusted-types-for 'script'"
    )
}

pub async fn page() -> Response {
    let policy = [(header::CONTENT_SECURITY_POLICY, POLICY.as_str())];
    (policy, Html(PAGE.as_str())).into_response()
}

fn sum_of(page: &str, start: &str, end: &str) -> String {
    let inside = page
        .split_once(start)
        .and_then(|(_, rest)| rest.split_once(end));
    let (inside, _) = inside.expect("the page has one style and one script");
    BASE64_STANDARD.encode(Sha256::digest(inside))
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
