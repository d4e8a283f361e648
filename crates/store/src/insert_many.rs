//! Inserts any number of clients with a single statement, on PostgreSQL.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text};

use crate::client_row::ClientRow;

/// `INSERT … SELECT * FROM unnest(…)`. The text does not depend on the number of rows, so it is
/// prepared once.
pub struct InsertMany<'a> {
    client_id: Vec<&'a str>,
    provider: Vec<&'a str>,
    metadata: Vec<&'a str>,
    token_digest: Vec<&'a str>,
    secret_sealed: Vec<Option<&'a str>>,
    issued_at: Vec<i64>,
    secret_expires_at: Vec<Option<i64>>,
    expires_at: Vec<Option<i64>>,
    revision: Vec<i64>,
    owner: Vec<Option<&'a str>>,
    composed_name: Vec<Option<&'a str>>,
    terms: Vec<Option<&'a str>>,
    last_used_at: Vec<Option<i64>>,
    metadata_consistent: Vec<Option<bool>>,
    redirect_patterns: Vec<Option<&'a str>>,
}

impl<'a> InsertMany<'a> {
    pub fn new(rows: &[&'a ClientRow]) -> Self {
        fn column<'a, T>(rows: &[&'a ClientRow], of: impl Fn(&'a ClientRow) -> T) -> Vec<T> {
            rows.iter().map(|row| of(row)).collect()
        }
        Self {
            client_id: column(rows, |row| row.client_id.as_str()),
            provider: column(rows, |row| row.provider.as_str()),
            metadata: column(rows, |row| row.metadata.as_str()),
            token_digest: column(rows, |row| row.token_digest.as_str()),
            secret_sealed: column(rows, |row| row.secret_sealed.as_deref()),
            issued_at: column(rows, |row| row.issued_at),
            secret_expires_at: column(rows, |row| row.secret_expires_at),
            expires_at: column(rows, |row| row.expires_at),
            revision: column(rows, |row| row.revision),
            owner: column(rows, |row| row.owner.as_deref()),
            composed_name: column(rows, |row| row.composed_name.as_deref()),
            terms: column(rows, |row| row.terms.as_deref()),
            last_used_at: column(rows, |row| row.last_used_at),
            metadata_consistent: column(rows, |row| row.metadata_consistent),
            redirect_patterns: column(rows, |row| row.redirect_patterns.as_deref()),
        }
    }
}

impl QueryId for InsertMany<'_> {
    type QueryId = InsertMany<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryFragment<Pg> for InsertMany<'_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql(
            "INSERT INTO client (client_id, provider, metadata, token_digest, secret_sealed, issued_at, secret_expires_at, expires_at, \
             revision, owner, composed_name, terms, last_used_at, metadata_consistent, redirect_patterns) SELECT * FROM unnest(",
        );
        pass.push_bind_param::<Array<Text>, _>(&self.client_id)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Array<Text>, _>(&self.provider)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Array<Text>, _>(&self.metadata)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Array<Text>, _>(&self.token_digest)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Array<Nullable<Text>>, _>(&self.secret_sealed)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Array<BigInt>, _>(&self.issued_at)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Array<Nullable<BigInt>>, _>(&self.secret_expires_at)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Array<Nullable<BigInt>>, _>(&self.expires_at)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Array<BigInt>, _>(&self.revision)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Array<Nullable<Text>>, _>(&self.owner)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Array<Nullable<Text>>, _>(&self.composed_name)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Array<Nullable<Text>>, _>(&self.terms)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Array<Nullable<BigInt>>, _>(&self.last_used_at)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Array<Nullable<Bool>>, _>(&self.metadata_consistent)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Array<Nullable<Text>>, _>(&self.redirect_patterns)?;
        pass.push_sql(")");
        Ok(())
    }
}

impl RunQueryDsl<PgConnection> for InsertMany<'_> {}
