-- An owner may have several clients of one composed name.
DROP INDEX client_composed_name;
