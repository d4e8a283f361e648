//! A document as the provider reads it: fetched with the limits of the service, or from a file, and judged by the provider's rules.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use actix_web::rt::System;
use admission::{DocumentRejection, DocumentRules, JudgedDocument, Policy, judge_document};
use anyhow::Context;
use documents::DocumentSettings;
use outbound::{
    ClientDocumentFetcher, ClientDocumentLimits, DocumentFetchError, FetchedClientDocument,
    Fetcher, Validators,
};
use protocol::{ClientIdUrl, Clock, Timestamp};

use crate::commands::STANDARD_STREAM;
use crate::config::{Config, ProviderConfig};
use crate::settings::Limits;
use crate::{client_documents, deployment, serve, upstream};

/// Reads and judges documents for a provider.
pub struct DocumentReader<'a> {
    limits: &'a Limits,
    /// The settings of the service for documents of the provider.
    pub settings: DocumentSettings,
    policy: Policy,
    fetcher: Fetcher,
    now: Timestamp,
}

/// A document before the decision.
pub struct ReadDocument {
    /// The bytes of the document.
    pub body: Arc<[u8]>,
    /// The validators of the response, if it was fetched.
    pub validators: Validators,
    /// The time until which it is used without another fetch.
    pub fresh_until: Timestamp,
}

/// The reason for which a document could not be read.
pub struct UnreadDocument {
    /// The word of the reason, which metrics and rows have too.
    pub word: &'static str,
    /// The reason as a sentence.
    pub sentence: String,
}

impl From<DocumentFetchError> for UnreadDocument {
    fn from(error: DocumentFetchError) -> Self {
        Self {
            word: error.word(),
            sentence: error.reason().to_owned(),
        }
    }
}

impl<'a> DocumentReader<'a> {
    /// Makes a reader with the rules of a provider as they are now.
    ///
    /// # Errors
    /// The provider's document or the certificate authority of `outbound.ca` cannot be used.
    pub fn new(config: &'a Config, provider: &'a ProviderConfig) -> anyhow::Result<Self> {
        keys::install();
        let offer = upstream::described(config, provider)?;
        Ok(Self {
            limits: &config.limits,
            settings: client_documents::settings(provider, &config.limits),
            policy: deployment::policy(provider, &offer),
            fetcher: serve::fetcher(config)?,
            now: Clock::system().now(),
        })
    }

    /// Returns the time of the decision.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Fetches the document of a client identifier, as the service would.
    ///
    /// # Errors
    /// The threads of the fetcher cannot be started.
    pub fn fetch(&self, id: &ClientIdUrl) -> anyhow::Result<Result<ReadDocument, UnreadDocument>> {
        let limits = ClientDocumentLimits {
            per_minute: 0,
            ..client_documents::limits(self.limits)
        };
        let documents = ClientDocumentFetcher::new(&self.fetcher, &limits)?;
        let fetched = System::new().block_on(documents.fetch(
            id,
            &Validators::default(),
            self.settings.keep,
            self.now,
        ));
        Ok(fetched.map_err(Into::into).map(|fetched| {
            let FetchedClientDocument {
                body,
                validators,
                fresh_until,
                ..
            } = fetched;
            ReadDocument {
                body: body.unwrap_or_default(),
                validators,
                fresh_until,
            }
        }))
    }

    /// Reads a file as the document of a client identifier.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn open(&self, file: &Path) -> anyhow::Result<Result<ReadDocument, UnreadDocument>> {
        let limit = u64::from(self.limits.document_bytes);
        let mut body = Vec::new();
        let read = match file.as_os_str() == STANDARD_STREAM {
            true => io::stdin().lock().take(limit + 1).read_to_end(&mut body),
            false => {
                File::open(file).and_then(|opened| opened.take(limit + 1).read_to_end(&mut body))
            }
        };
        read.with_context(|| format!("{} cannot be read", file.display()))?;
        if u64::try_from(body.len())? > limit {
            return Ok(Err(UnreadDocument {
                word: "length",
                sentence: "The document is longer than limits.document_bytes.".to_owned(),
            }));
        }
        Ok(Ok(ReadDocument {
            body: body.into(),
            validators: Validators::default(),
            fresh_until: self.now.plus(self.settings.keep.min),
        }))
    }

    /// Decides about a document.
    ///
    /// # Errors
    /// The reason for which the provider refuses it.
    pub fn judge(
        &self,
        id: &ClientIdUrl,
        document: &ReadDocument,
    ) -> Result<JudgedDocument, DocumentRejection> {
        let rules = DocumentRules {
            redirects: self.settings.redirects,
            hosts: &self.settings.hosts,
        };
        judge_document(
            &self.policy,
            &self.fetcher,
            &rules,
            id,
            &document.body,
            &self.settings.json,
            self.now,
        )
    }
}
