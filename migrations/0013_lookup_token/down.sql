DROP INDEX audit_client_ended;
DROP TABLE lookup_token;
