//! Certificates: whom we trust, and who we are.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};

use super::Access;
use crate::pipeline::contract::error::{Error, Result};
use crate::pipeline::contract::small_file;

/// Where systems keep whom they trust.
const TRUSTED: [&str; 3] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
];

/// What is needed of files for connections.
struct Papers {
    trusted: Vec<CertificateDer<'static>>,
    own: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
}

/// What connections are encrypted with.
///
/// # Errors
/// `Fatal` if a file is not what it should be.
pub fn config(access: &Access, base: &Path) -> Result<Arc<ClientConfig>> {
    let papers = Papers::read(access, base)?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(papers.trusted);
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(Error::fatal)?
        .with_root_certificates(roots);
    let config = match papers.own {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).map_err(|error| {
            Error::fatal(format!("`tls_key` is not that of `tls_cert`: {error}"))
        })?,
    };
    Ok(Arc::new(config))
}

/// The same for requests.
///
/// # Errors
/// As `config`.
pub fn for_requests(access: &Access, base: &Path) -> Result<TlsConfig> {
    let papers = Papers::read(access, base)?;
    let certificate = |it: CertificateDer| Certificate::from_der(&it).to_owned();
    let trusted: Vec<_> = papers.trusted.into_iter().map(certificate).collect();
    let mut tls = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&trusted));
    if let (Some((chain, _)), Some(key)) = (papers.own, &access.tls_key) {
        let chain: Vec<_> = chain.into_iter().map(certificate).collect();
        let pem = small_file::read(&base.join(key)).map_err(Error::fatal)?;
        let key = PrivateKey::from_pem(&pem).map_err(Error::fatal)?;
        tls = tls.client_cert(Some(ClientCert::new_with_certs(&chain, key)));
    }
    Ok(tls.build())
}

impl Papers {
    fn read(access: &Access, base: &Path) -> Result<Papers> {
        let trusted = match &access.tls_ca {
            Some(path) => certificates(&base.join(path)),
            None => of_the_system(),
        };
        let own = match (&access.tls_cert, &access.tls_key) {
            (Some(chain), Some(of)) => {
                let chain = certificates(&base.join(chain)).map_err(Error::Fatal)?;
                Some((chain, key(&base.join(of)).map_err(Error::Fatal)?))
            }
            _ => None,
        };
        Ok(Papers {
            trusted: trusted.map_err(Error::Fatal)?,
            own,
        })
    }
}

fn of_the_system() -> Result<Vec<CertificateDer<'static>>, String> {
    let path = TRUSTED.into_iter().map(Path::new).find(|it| it.exists());
    let none = || "this system trusts nobody: `apt install ca-certificates`, or name a `tls_ca`";
    certificates(path.ok_or_else(none)?)
}

/// The certificates in a file.
///
/// # Errors
/// What is wrong with it.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let about = |why: String| format!("cannot use the certificate {}: {why}", path.display());
    let pem = small_file::read(path).map_err(|it| about(it.to_string()))?;
    let found = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(|it| about(it.to_string()))?;
    match found.is_empty() {
        true => Err(about("the file holds none".to_owned())),
        false => Ok(found),
    }
}

/// The private key in a file.
///
/// # Errors
/// What is wrong with it, or that others can read it.
pub fn key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let shown = path.display();
    let about = |why: String| format!("cannot use the private key {shown}: {why}");
    let mode = std::fs::metadata(path).map(|it| it.mode());
    if mode.map_err(|it| about(it.to_string()))? & 0o007 != 0 {
        return Err(about(format!(
            "everybody can read it: run `chmod 600 {shown}`"
        )));
    }
    let pem = small_file::read(path).map_err(|it| about(it.to_string()))?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|it| about(it.to_string()))
}

/// What to do where a connection fails for a certificate.
pub fn advice(why: &str) -> Option<&'static str> {
    let remedies = [
        (
            "UnknownIssuer",
            "name the certificate of its authority as `tls_ca`",
        ),
        (
            "CaUsedAsEndEntity",
            "name the certificate of its authority as `tls_ca`",
        ),
        (
            "NotValidForName",
            "write the name in the `uri` for which its certificate is made",
        ),
        (
            "Expired",
            "renew its certificate, or set the clock of this machine",
        ),
        ("NotValidYet", "set the clock of this machine"),
        ("CertificateRequired", "name a `tls_cert` and its `tls_key`"),
        (
            "UnknownCA",
            "name a `tls_cert` that it knows the authority of",
        ),
    ];
    let found = remedies.iter().find(|(word, _)| why.contains(word));
    found.map(|(_, remedy)| *remedy)
}
