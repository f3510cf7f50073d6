// SPDX-License-Identifier: EUPL-1.2
//! One request to the store: its time limit, its repeats with growing pauses, the breaker, and what a failure means.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use minio::s3::error::{Error, NetworkError, S3ServerError, ValidationErr};
use nachrichten::BlobHash;

use super::{super::BlobError, breaker::Breaker};
use crate::{
    metriken::{count, metriken, set},
    with_causes,
};

/// Slowest line that is waited for: a transfer may take the time limit plus one second per MiB.
const BYTES_PER_SECOND: u64 = 1 << 20;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// What an attempt ended with, by what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The store says that this key has no object.
    Missing,
    /// `If-None-Match: *` did not hold: somebody was first.
    Exists,
    /// The multipart upload is gone: finished by an attempt whose answer was lost, or swept.
    NoUpload,
    /// The server does not know this function.
    Unsupported(String),
    /// This one thing is not allowed.
    Denied(String),
    /// An operator has to do something.
    Refused(String),
    /// No usable answer; asking again is harmless and may help.
    Away(String),
}

impl Failure {
    pub fn about(self, hash: BlobHash) -> BlobError {
        match self {
            Self::Missing => BlobError::Missing(hash),
            other => other.into(),
        }
    }
}

impl From<Failure> for BlobError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Away(why) => Self::Away(why),
            Failure::Denied(why) | Failure::Refused(why) | Failure::Unsupported(why) => Self::Refused(why),
            Failure::Missing => Self::Refused("no such object".into()),
            Failure::Exists => Self::Refused("the object is there already".into()),
            Failure::NoUpload => Self::Away("the upload ended under our hands".into()),
        }
    }
}

/// How often and how long the store is asked.
pub(super) struct Caller {
    breaker: Breaker,
    attempts: u32,
    limit: Duration,
}

impl Caller {
    pub fn new(attempts: u32, limit: Duration, breaker: Breaker) -> Self {
        Self { breaker, attempts: attempts.max(1), limit }
    }

    /// Asks until there is an answer, `attempts` times at most. `request` must be harmless when it runs twice.
    pub async fn call<T, F>(&self, what: &'static str, request: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let answer = self.asked(what, request).await;
        let result = match &answer {
            Ok(_) | Err(Failure::Exists) => "ok",
            Err(Failure::Missing | Failure::NoUpload) => "missing",
            Err(Failure::Away(_)) => "away",
            Err(_) => "refused",
        };
        count(&metriken().blob_calls, vec![("op", what.to_owned()), ("result", result.to_owned())]);
        set(&metriken().blob_open_circuit, f64::from(u8::from(matches!(answer, Err(Failure::Away(_))))));
        answer
    }

    async fn asked<T, F>(&self, what: &'static str, request: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            self.breaker.admit(Instant::now()).map_err(Failure::Away)?;
            match request().await {
                Err(Failure::Away(why)) => {
                    self.breaker.failed(Instant::now(), &why);
                    if attempt >= self.attempts {
                        return Err(Failure::Away(format!("{what}, {attempt} attempts: {why}")));
                    }
                    tracing::warn!(what, attempt, why, "blob store did not answer, asking again");
                    tokio::time::sleep(jittered(pause)).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                answer => {
                    self.breaker.answered();
                    return answer;
                }
            }
        }
        Err(Failure::Away(what.into()))
    }

    /// One request of so many bytes within its time.
    pub async fn within<T>(&self, bytes: u64, request: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
        let limit = self.limit + Duration::from_secs(bytes / BYTES_PER_SECOND);
        match tokio::time::timeout(limit, request).await {
            Ok(answer) => answer.map_err(|e| meaning(&e)),
            Err(_) => Err(Failure::Away(format!("no answer within {} s", limit.as_secs_f32()))),
        }
    }
}

/// Between half and all of `pause`: services that lost the store together do not come back together.
fn jittered(pause: Duration) -> Duration {
    let half = pause / 2;
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    half + half.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

/// What follows from an error of the client.
pub(super) fn meaning(error: &Error) -> Failure {
    match error {
        Error::S3Server(S3ServerError::S3Error(answer)) => {
            by_code(&answer.code().to_string(), answer.message().as_deref().unwrap_or_default())
        }
        // No XML: a proxy or a dying server spoke. A 404 of such a speaker says nothing about the object.
        Error::S3Server(
            S3ServerError::InvalidServerResponse { http_status_code: status, .. } | S3ServerError::HttpError(status, _),
        )
        | Error::Network(NetworkError::ServerError(status)) => by_status(*status),
        Error::Network(NetworkError::ReqwestError(e)) | Error::Validation(ValidationErr::HttpError(e)) => {
            Failure::Away(with_causes(e))
        }
        Error::Validation(e @ (ValidationErr::XmlParseError(_) | ValidationErr::XmlError { .. })) => {
            Failure::Away(format!("answer is cut: {}", with_causes(e)))
        }
        other => Failure::Refused(with_causes(other)),
    }
}

/// S3 error codes, lower case as the client hands them on, or in its own spelling.
pub(super) fn by_code(code: &str, message: &str) -> Failure {
    let text = if message.is_empty() { code.to_owned() } else { format!("{code}: {message}") };
    match code.to_lowercase().as_str() {
        "nosuchkey" | "nosuchversion" => Failure::Missing,
        "preconditionfailed" => Failure::Exists,
        "nosuchupload" => Failure::NoUpload,
        "accessdenied" | "allaccessdisabled" | "objectlocked" | "invalidobjectstate" => Failure::Denied(text),
        "notimplemented"
        | "methodnotallowed"
        | "notsupported"
        | "nosuchobjectlockconfiguration"
        | "objectlockconfigurationnotfounderror" => Failure::Unsupported(text),
        // Damaged on the way, or busy.
        "internalerror"
        | "slowdown"
        | "serviceunavailable"
        | "requesttimeout"
        | "operationaborted"
        | "busy"
        | "conditionalrequestconflict"
        | "xamzcontentsha256mismatch"
        | "baddigest"
        | "incompletebody"
        | "resourceconflict"
        | "noerror"
        | "badrequest"
        | "throttling"
        | "serverbusy" => Failure::Away(text),
        _ => Failure::Refused(text),
    }
}

fn by_status(status: u16) -> Failure {
    let text = format!("HTTP status {status}");
    match status {
        412 => Failure::Exists,
        501 => Failure::Unsupported(text),
        404 | 408 | 409 | 425 | 429 | 500.. => Failure::Away(text),
        _ => Failure::Refused(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_that_says_404_says_nothing_about_the_object() {
        assert!(matches!(by_status(404), Failure::Away(_)));
        assert_eq!(by_code("NoSuchKey", ""), Failure::Missing);
        assert!(
            matches!(by_code("nosuchbucket", "The bucket does not exist"), Failure::Refused(t) if t.contains("bucket"))
        );
        assert!(matches!(by_code("SlowDown", ""), Failure::Away(_)));
        assert!(matches!(by_code("signaturedoesnotmatch", ""), Failure::Refused(_)));
    }

    #[test]
    fn pauses_differ_and_stay_within_their_half() {
        let pauses: Vec<_> = (0..50).map(|_| jittered(Duration::from_millis(200))).collect();
        assert!(pauses.iter().all(|p| (100..=200).contains(&p.as_millis())));
        assert!(pauses.iter().any(|p| p != &pauses[0]));
    }
}
