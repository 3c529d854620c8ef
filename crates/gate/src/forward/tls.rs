//! Certificates: those that the gateway shows to clients, which are read anew when their files change, and those by which it knows
//! an API and an API knows it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::SystemTime,
};

use rustls::{ClientConfig, RootCertStore, ServerConfig, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};

/// Why a file of certificates can't be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidCertificates {
    /// It can't be read.
    #[error("{} can't be read: {source}.", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It has none.
    #[error("{} is not a file of certificates in PEM.", .0.display())]
    NoCertificate(PathBuf),
    /// It has none.
    #[error("{} is not a file with a private key in PEM.", .0.display())]
    NoKey(PathBuf),
    /// The key is another's, or of a kind that is not used.
    #[error("{} and its key don't go together: {source}.", file.display())]
    Mismatch {
        /// The file of certificates.
        file: PathBuf,
        /// Why not.
        source: rustls::Error,
    },
}

/// The files of a certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Files {
    pub(super) certificates: PathBuf,
    pub(super) key: PathBuf,
}

impl Files {
    fn read(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), InvalidCertificates> {
        let chain = certificates(&self.certificates)?;
        let key = PrivateKeyDer::from_pem_slice(&read(&self.key)?);
        Ok((chain, key.map_err(|_| InvalidCertificates::NoKey(self.key.clone()))?))
    }

    fn state(&self) -> [Option<(SystemTime, u64)>; 2] {
        [&self.certificates, &self.key].map(|file| {
            let metadata = fs::metadata(file).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        })
    }
}

/// What clients are shown.
#[derive(Debug)]
pub(super) struct Shown {
    files: Files,
    config: RwLock<Arc<ServerConfig>>,
    /// As the files were when they were read last.
    read: Mutex<[Option<(SystemTime, u64)>; 2]>,
}

impl Shown {
    /// Reads the files.
    pub(super) fn new(files: Files) -> Result<Self, InvalidCertificates> {
        let state = files.state();
        let config = RwLock::new(Arc::new(server(&files)?));
        Ok(Self { files, config, read: Mutex::new(state) })
    }

    /// What is shown to who comes now.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the files anew, if they have changed. While they can't be used, what was read before is shown.
    pub(super) fn refresh(&self) {
        let state = self.files.state();
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if *read == state {
            return;
        }
        *read = state;
        drop(read);
        match server(&self.files) {
            Ok(config) => {
                *self.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
                tracing::info!(file = %self.files.certificates.display(), "the gateway shows new certificates");
            }
            Err(error) => tracing::error!(%error, "the gateway goes on showing its former certificates"),
        }
    }
}

fn server(files: &Files) -> Result<ServerConfig, InvalidCertificates> {
    let (chain, key) = files.read()?;
    let mismatch = |source| InvalidCertificates::Mismatch { file: files.certificates.clone(), source };
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(mismatch)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(mismatch)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// How an API is known: by the authorities of `ca`, else by those that browsers trust; and how it knows the gateway.
pub(super) fn client(ca: Option<&Path>, own: Option<&Files>) -> Result<ClientConfig, InvalidCertificates> {
    let mut roots = RootCertStore::empty();
    match ca {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(file) => {
            for root in certificates(file)? {
                roots.add(root).map_err(|_| InvalidCertificates::NoCertificate(file.to_owned()))?;
            }
        }
    }
    let of = |file: Option<&Path>| file.unwrap_or(Path::new("the certificates")).to_owned();
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|source| InvalidCertificates::Mismatch { file: of(ca), source })?
        .with_root_certificates(roots);
    let mut config = match own {
        None => builder.with_no_client_auth(),
        Some(files) => {
            let (chain, key) = files.read()?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|source| InvalidCertificates::Mismatch { file: of(Some(&files.certificates)), source })?
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, InvalidCertificates> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(file)?).collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        _ => Err(InvalidCertificates::NoCertificate(file.to_owned())),
    }
}

fn read(file: &Path) -> Result<Vec<u8>, InvalidCertificates> {
    fs::read(file).map_err(|source| InvalidCertificates::Unreadable { file: file.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(files: &Files, name: &str) -> Vec<u8> {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        fs::write(&files.certificates, made.cert.pem()).unwrap();
        fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
        made.cert.der().to_vec()
    }

    #[test]
    fn files_that_changed_are_read_anew_and_broken_ones_change_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files { certificates: folder.path().join("a.pem"), key: folder.path().join("a.key") };
        assert!(Shown::new(files.clone()).is_err());
        write(&files, "one.example");
        let shown = Shown::new(files.clone()).unwrap();
        let first = shown.config();
        shown.refresh();
        assert!(Arc::ptr_eq(&first, &shown.config()), "nothing changed");
        fs::write(&files.certificates, "broken").unwrap();
        shown.refresh();
        assert!(Arc::ptr_eq(&first, &shown.config()), "broken");
        write(&files, "another-name.example");
        shown.refresh();
        assert!(!Arc::ptr_eq(&first, &shown.config()), "changed");
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files { certificates: folder.path().join("a.pem"), key: folder.path().join("a.key") };
        write(&files, "one.example");
        let other = Files { certificates: folder.path().join("b.pem"), key: folder.path().join("b.key") };
        write(&other, "two.example");
        let mixed = Files { key: other.key, ..files.clone() };
        for (result, expected) in [
            (client(Some(Path::new("/nowhere.pem")), None).err(), "/nowhere.pem can't be read"),
            (client(Some(&files.key), None).err(), "a.key is not a file of certificates"),
            (Shown::new(mixed).err(), "don't go together"),
        ] {
            let error = result.unwrap().to_string();
            assert!(error.contains(expected), "{error}");
        }
        assert!(client(Some(&files.certificates), Some(&files)).is_ok());
        assert!(client(None, None).is_ok());
    }
}
