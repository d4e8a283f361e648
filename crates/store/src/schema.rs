//! The tables after all migrations, for diesel.

diesel::table! {
    client (client_id) {
        client_id -> Text,
        provider -> Text,
        metadata -> Text,
        token_digest -> Text,
        secret_sealed -> Nullable<Text>,
        issued_at -> BigInt,
        secret_expires_at -> Nullable<BigInt>,
        expires_at -> Nullable<BigInt>,
        revision -> BigInt,
        owner -> Nullable<Text>,
        composed_name -> Nullable<Text>,
        terms -> Nullable<Text>,
        last_used_at -> Nullable<BigInt>,
        metadata_consistent -> Nullable<Bool>,
        redirect_patterns -> Nullable<Text>,
        changed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    signing_key (kid) {
        kid -> Text,
        provider -> Text,
        algorithm -> Text,
        private_sealed -> Text,
        public_jwk -> Text,
        created_at -> BigInt,
        signs_from -> BigInt,
        retired_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    account (name) {
        name -> Text,
        role -> Text,
        password_hash -> Text,
        created_at -> BigInt,
        revision -> BigInt,
        provider -> Nullable<Text>,
    }
}

diesel::table! {
    initial_access_token (id) {
        id -> Text,
        token_digest -> Text,
        label -> Nullable<Text>,
        uses_left -> Nullable<BigInt>,
        expires_at -> Nullable<BigInt>,
        created_at -> BigInt,
        owner -> Nullable<Text>,
        provider -> Nullable<Text>,
        terms -> Nullable<Text>,
    }
}

diesel::table! {
    lookup_token (id) {
        id -> Text,
        token_digest -> Text,
        label -> Nullable<Text>,
        provider -> Nullable<Text>,
        secrets -> Text,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        last_used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    upstream_document (provider) {
        provider -> Text,
        document -> Text,
        etag -> Nullable<Text>,
        last_modified -> Nullable<Text>,
        fetched_at -> BigInt,
        changed_at -> BigInt,
    }
}

diesel::table! {
    client_document (provider, client_id) {
        provider -> Text,
        client_id -> Text,
        metadata -> Text,
        document -> Text,
        etag -> Nullable<Text>,
        last_modified -> Nullable<Text>,
        first_seen_at -> BigInt,
        fetched_at -> BigInt,
        fresh_until -> BigInt,
        failed_since -> Nullable<BigInt>,
        failure -> Nullable<Text>,
        changed_at -> BigInt,
        changed -> Nullable<Text>,
        revision -> BigInt,
        state -> Text,
        asked_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
        metadata_consistent -> Nullable<Bool>,
        added_by -> Nullable<Text>,
    }
}

diesel::table! {
    provisioning (id) {
        id -> Text,
        provider -> Text,
        client_id -> Nullable<Text>,
        handle -> Nullable<Text>,
        token_sealed -> Nullable<Text>,
        state -> Text,
        revision -> BigInt,
        synced_revision -> Nullable<BigInt>,
        secret_until -> Nullable<BigInt>,
        attempts -> BigInt,
        due_at -> Nullable<BigInt>,
        since -> BigInt,
        in_flight -> Bool,
        confirmations -> BigInt,
        dropped_members -> Nullable<Text>,
        error -> Nullable<Text>,
    }
}

diesel::table! {
    provisioning_target (provider) {
        provider -> Text,
        until -> Nullable<BigInt>,
        last_at -> Nullable<BigInt>,
        last_result -> Nullable<Text>,
    }
}

diesel::table! {
    audit (id) {
        id -> Text,
        event -> Text,
        provider -> Nullable<Text>,
        client_id -> Nullable<Text>,
        account -> Nullable<Text>,
        token -> Nullable<Text>,
        address -> Nullable<Text>,
        request_id -> Nullable<Text>,
        detail -> Nullable<Text>,
        times -> BigInt,
    }
}

diesel::table! {
    seal_check (key_id) {
        key_id -> Text,
        sealed -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(client, provisioning);
