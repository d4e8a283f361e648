DROP TABLE client_document;
