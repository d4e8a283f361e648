//! The macro that declares the rows of a table, with a line for each column: the struct, its texts, and the statement that
//! inserts any number of rows on PostgreSQL.
//!
//! The text of the statement, `INSERT … SELECT * FROM unnest(…)` with an array for each column, does not depend on the number of
//! rows, so it is prepared once.

use std::borrow::Cow;

/// A value of a column, which may be a text.
pub trait ColumnValue {
    /// Returns the text. Numbers and absent values have none.
    fn text(&self) -> Option<&str>;
}

impl ColumnValue for String {
    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

impl ColumnValue for i64 {
    fn text(&self) -> Option<&str> {
        None
    }
}

impl ColumnValue for bool {
    fn text(&self) -> Option<&str> {
        None
    }
}

impl<T: ColumnValue> ColumnValue for Option<T> {
    fn text(&self) -> Option<&str> {
        self.as_ref().and_then(ColumnValue::text)
    }
}

impl ColumnValue for Cow<'_, str> {
    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

/// A row with texts.
pub trait TextColumns {
    /// Returns all texts of the row, each with its column.
    fn texts(&self) -> Vec<(&'static str, &str)>;
}

/// Declares the row of a table and the insertion of many of them.
macro_rules! columns {
    (
        $(#[$meta:meta])*
        pub struct $row:ident of $table:ident, inserted by $insert:ident {
            $($(#[$attribute:meta])* $column:ident: $type:ty,)+
        }
    ) => {
        $(#[$meta])*
        pub struct $row { $($(#[$attribute])* pub $column: $type,)+ }

        impl $crate::columns::TextColumns for $row {
            fn texts(&self) -> Vec<(&'static str, &str)> {
                let columns = [$((stringify!($column), $crate::columns::ColumnValue::text(&self.$column))),+];
                columns.into_iter().filter_map(|(column, text)| Some((column, text?))).collect()
            }
        }

        /// Inserts any number of rows with a single statement, on PostgreSQL.
        pub struct $insert<'a> { $($column: Vec<&'a $type>,)+ }

        impl<'a> $insert<'a> {
            pub fn new(rows: &[&'a $row]) -> Self {
                Self { $($column: rows.iter().map(|row| &row.$column).collect(),)+ }
            }
        }

        impl diesel::query_builder::QueryId for $insert<'_> {
            type QueryId = $insert<'static>;
            const HAS_STATIC_QUERY_ID: bool = true;
        }

        impl diesel::query_builder::QueryFragment<diesel::pg::Pg> for $insert<'_> {
            fn walk_ast<'b>(&'b self, mut pass: diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>) -> QueryResult<()> {
                let mut separators = std::iter::once("").chain(std::iter::repeat(", "));
                pass.push_sql(concat!("INSERT INTO ", stringify!($table), " ("));
                pass.push_sql(&[$(stringify!($column)),+].join(", "));
                pass.push_sql(") SELECT * FROM unnest(");
                $(
                    pass.push_sql(separators.next().unwrap_or_default());
                    pass.push_bind_param::<diesel::sql_types::Array<diesel::dsl::SqlTypeOf<$table::$column>>, _>(&self.$column)?;
                )+
                pass.push_sql(")");
                Ok(())
            }
        }

        impl RunQueryDsl<PgConnection> for $insert<'_> {}
    };
}

pub(crate) use columns;
