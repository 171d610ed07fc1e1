//! Who may ask: the token, the certificate and the names of this host, read from their files.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use subtle::ConstantTimeEq;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::pipeline::contract::{secret, small_file};
use crate::pipeline::file::status::Status;

/// A token shorter than this can be guessed.
const SHORTEST_TOKEN: usize = 16;

/// What a request must bring, and what the connection is made with.
pub struct Access {
    /// Names of this host, beside those that every machine has.
    pub hosts: Vec<String>,
    /// What a request must bear, if anything.
    pub token: Option<Token>,
    /// What encrypts connections, if anything.
    pub tls: Option<TlsAcceptor>,
}

/// A secret that requests bear.
#[derive(Clone)]
pub struct Token(Arc<str>);

impl Token {
    /// The token as it must be to be let in.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `text` is the token; how long that takes tells nothing about it but its length.
    pub fn is(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }
}

impl Access {
    /// Reads the files that `[status]` names; `base` is where relative paths start.
    ///
    /// # Errors
    /// What is wrong with them, and what to do about it.
    pub fn read(status: &Status, base: &Path) -> Result<Access, String> {
        let token = status.token_file.as_ref();
        let token = token.map(|path| read_token(&base.join(path))).transpose()?;
        let tls = match (&status.tls_cert, &status.tls_key) {
            (Some(certificate), Some(key)) => {
                Some(read_tls(&base.join(certificate), &base.join(key))?)
            }
            _ => None,
        };
        Ok(Access {
            hosts: status.hosts.clone(),
            token,
            tls,
        })
    }
}

/// Reads the token in a file, for servers and for those who ask them.
///
/// # Errors
/// If it cannot be read, if others can read it too, or if it is no token.
pub fn read_token(path: &Path) -> Result<Token, String> {
    let shown = path.display();
    let trouble = |error| format!("cannot read the token file {shown}: {error}");
    let file = File::open(path).map_err(trouble)?;
    let mode = file.metadata().map_err(trouble)?.mode();
    // systemd grants credentials by access lists, which show as rights of the group.
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY");
    let is_credential = path.parent().map(Path::as_os_str) == credentials.as_deref();
    let others = if is_credential { 0o007 } else { 0o077 };
    if mode & others != 0 {
        return Err(format!(
            "others can read the token file {shown} (mode {:o}): run `chmod 600 {shown}`",
            mode & 0o777
        ));
    }
    let bytes = small_file::of(file).map_err(trouble)?;
    let text = String::from_utf8_lossy(&bytes);
    let token = text.trim();
    let is_printable = token.bytes().all(|it| it.is_ascii_graphic());
    if token.len() < SHORTEST_TOKEN || !is_printable {
        return Err(format!(
            "{shown} holds no token of {SHORTEST_TOKEN} characters or more without spaces: run \
             `openssl rand -hex 32 > {shown}`"
        ));
    }
    secret::remember(token);
    Ok(Token(Arc::from(token)))
}

fn read_tls(certificate: &Path, key: &Path) -> Result<TlsAcceptor, String> {
    let (shown_certificate, shown_key) = (certificate.display(), key.display());
    let about_certificate =
        |error| format!("cannot use the certificate {shown_certificate}: {error}");
    let pem = small_file::read(certificate).map_err(|it| about_certificate(it.to_string()))?;
    let certificates = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|it| about_certificate(it.to_string()))?;
    if certificates.is_empty() {
        return Err(about_certificate("the file holds none".to_owned()));
    }
    let about_key = |error: String| format!("cannot use the private key {shown_key}: {error}");
    let mode = std::fs::metadata(key).map(|it| it.mode());
    if mode.map_err(|it| about_key(it.to_string()))? & 0o007 != 0 {
        return Err(about_key(format!(
            "everybody can read it: run `chmod 600 {shown_key}`"
        )));
    }
    let pem = small_file::read(key).map_err(|it| about_key(it.to_string()))?;
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|it| about_key(it.to_string()))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|it| it.with_no_client_auth().with_single_cert(certificates, key))
        .map_err(|it| about_certificate(it.to_string()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_token_that_others_can_read_is_refused() {
        let directory = tempfile::tempdir().expect("a scratch directory");
        let path = directory.path().join("token");
        let check = |text: &str, mode: u32| {
            std::fs::write(&path, text).expect("the directory is writable");
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).expect("it is ours");
            read_token(&path).map(|token| token.is(text.trim()))
        };
        let token = "0123456789abcdef0123456789abcdef\n";
        assert_eq!(check(token, 0o600), Ok(true));
        assert!(check(token, 0o640).is_err_and(|it| it.contains("chmod 600")));
        assert!(check(token, 0o604).is_err_and(|it| it.contains("chmod 600")));
        assert!(check("short\n", 0o600).is_err_and(|it| it.contains("openssl rand")));
        assert!(!Token(Arc::from(token)).is("0123456789abcdef0123456789abcdee"));
    }
}
