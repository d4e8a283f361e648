DROP TABLE upstream_document;
