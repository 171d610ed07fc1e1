//! What makes the page something that can be installed: the manifest and the icon.

use axum::http::header;
use axum::response::{IntoResponse, Response};

const MANIFEST: &str = include_str!("installed/manifest.webmanifest");
const ICON: &str = include_str!("installed/icon.svg");
/// `icon.svg` without its round corners, as telephones cut icons to their own shape: made of it by `installed/icons.sh`.
const ICON_192: &[u8] = include_bytes!("installed/icon-192.png");
const ICON_512: &[u8] = include_bytes!("installed/icon-512.png");

pub async fn manifest() -> Response {
    of("application/manifest+json", MANIFEST)
}

pub async fn icon() -> Response {
    of("image/svg+xml", ICON)
}

pub async fn icon_192() -> Response {
    of("image/png", ICON_192)
}

pub async fn icon_512() -> Response {
    of("image/png", ICON_512)
}

fn of(kind: &'static str, body: impl IntoResponse) -> Response {
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_manifest_names_icons_of_the_size_that_it_says() {
        let manifest: Value = serde_json::from_str(MANIFEST).expect("it is JSON");
        let icons = manifest["icons"].as_array().expect("a list");
        for icon in icons {
            let picture = match icon["src"].as_str().expect("a path") {
                "/icon-192.png" => ICON_192,
                "/icon-512.png" => ICON_512,
                other => {
                    assert_eq!((other, &icon["sizes"]), ("/icon.svg", &"any".into()));
                    continue;
                }
            };
            let picture = image::load_from_memory(picture).expect("it is a picture");
            let size = format!("{}x{}", picture.width(), picture.height());
            assert_eq!(icon["sizes"], size);
        }
        assert!(ICON.len() + ICON_192.len() + ICON_512.len() < 24 * 1024);
    }

    /// A browser that opens it by itself runs nothing that stands in it.
    #[test]
    fn the_icon_is_a_drawing_and_nothing_else() {
        for word in ["<script", "href", "url(", " on"] {
            assert!(!ICON.contains(word), "{word}");
        }
    }
}
