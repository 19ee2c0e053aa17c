//! Certificates of authorities of one's own, made for one test.
#![allow(dead_code, clippy::unwrap_used)]

use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::folder::Folder;

/// A folder with the certificates of one test, all of them for 127.0.0.1.
pub struct Files(Folder);

impl Files {
    /// An authority `ca` and one that nobody knows, `stranger`; `server` and `client` signed by the
    /// first, `intruder` by the second.
    pub fn new() -> Self {
        let files = Self(Folder::new());
        let (ca, stranger) = (files.authority("ca"), files.authority("stranger"));
        files.certificate("server", &ca);
        files.certificate("client", &ca);
        files.certificate("intruder", &stranger);
        files
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn authority(&self, name: &str) -> Issuer<'static, KeyPair> {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let pem = params.self_signed(&key).unwrap().pem();
        self.0.write(&format!("{name}.pem"), &pem);
        Issuer::new(params, key)
    }

    fn certificate(&self, name: &str, by: &Issuer<'_, KeyPair>) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let pem = params.signed_by(&key, by).unwrap().pem();
        self.0.write(&format!("{name}.pem"), &pem);
        self.0.write(&format!("{name}.key"), &key.serialize_pem());
    }
}
