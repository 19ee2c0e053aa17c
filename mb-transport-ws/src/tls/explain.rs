//! What a TLS failure means for whoever has to mend it. rustls says what is wrong; this says where.

use std::io;

use tokio_rustls::rustls::{AlertDescription, CertificateError, Error};

/// A failure of TLS itself, which trying again does not mend; `None` for any other.
pub(crate) fn explain(error: &io::Error) -> Option<String> {
    let error = error.get_ref()?.downcast_ref::<Error>()?;
    Some(match error {
        Error::InvalidCertificate(why) => match why {
            CertificateError::UnknownIssuer => {
                "its certificate is not signed by a root that is trusted here (a private one is \
                 named with `?ca=`)"
                    .to_owned()
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!("its certificate is for another host name: {why}")
            }
            why => format!("its certificate is not accepted: {why}"),
        },
        Error::AlertReceived(alert) => match alert {
            AlertDescription::CertificateRequired => {
                "it takes only clients with a certificate (named with `?cert=` and `key=`)"
                    .to_owned()
            }
            AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired
            | AlertDescription::DecryptError => {
                format!("it does not accept this client's certificate ({alert:?})")
            }
            alert => format!("it refused the TLS handshake ({alert:?})"),
        },
        Error::InvalidMessage(_) => {
            format!("it does not speak TLS there; is it `ws://`? ({error})")
        }
        error => format!("the TLS handshake failed: {error}"),
    })
}
