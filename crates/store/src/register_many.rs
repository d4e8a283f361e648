//! Inserts a batch of registrations with their audit rows in a single statement, on PostgreSQL: one
//! round trip, and a transaction of its own.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};

use crate::audit_row::{AuditMany, AuditRow};
use crate::change::{QueuedWrite, plain_insert};
use crate::client_row::{ClientRow, InsertMany};

/// The statement. It inserts all rows or none.
pub struct RegisterMany<'a> {
    clients: InsertMany<'a>,
    audit: AuditMany<'a>,
}

impl<'a> RegisterMany<'a> {
    /// Returns the statement if all writes are registrations that use no initial access token.
    pub fn from_writes(writes: &'a [Box<QueuedWrite>]) -> Option<Self> {
        let clients: Option<Vec<&ClientRow>> = writes
            .iter()
            .map(|write| plain_insert(&write.change))
            .collect();
        let audit: Vec<&AuditRow> = writes.iter().flat_map(|write| &*write.audit).collect();
        Some(Self {
            clients: InsertMany::new(&clients?),
            audit: AuditMany::new(&audit),
        })
    }
}

impl QueryId for RegisterMany<'_> {
    type QueryId = RegisterMany<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryFragment<Pg> for RegisterMany<'_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql("WITH audited AS (");
        self.audit.walk_ast(pass.reborrow())?;
        pass.push_sql(") ");
        self.clients.walk_ast(pass)
    }
}

impl RunQueryDsl<PgConnection> for RegisterMany<'_> {}
