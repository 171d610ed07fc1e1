//! Options that are wrong.

use crate::nodes;
use crate::pipeline::contract::testing::configure;

#[test]
fn wrong_options_are_named() {
    let ty = nodes::find("webhook").expect("it is always there");
    let said = |options: &str| {
        let options = format!("folder = 'outbox'\n{options}");
        configure(ty, &options).err().unwrap_or_default()
    };
    for (options, told) in [
        ("uri = 'ftp://example.org'", "is no such address"),
        ("uri = 'http://a:hook-secret@example.org'", "without TLS"),
        (
            "uri = 'http://example.org'\ntoken = 'hook-token'",
            "without TLS",
        ),
        (
            "uri = 'https://a:hook-secret@example.org'\ntoken = 'hook-token'",
            "a user too",
        ),
        (
            "uri = 'http://example.org'\ntls_ca = 'a.pem'",
            "an address without TLS",
        ),
        ("uri = 'https://example.org'\nbatch = 0", ""),
    ] {
        let it = said(options);
        assert!(it.contains(told), "{options}: {it}");
        assert!(
            !it.contains("hook-secret") && !it.contains("hook-token"),
            "{it}"
        );
    }
    assert_eq!(said("uri = 'http://127.0.0.1/x'\ntoken = 'hook-token'"), "");
}
