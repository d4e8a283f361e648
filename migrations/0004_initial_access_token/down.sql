DROP TABLE initial_access_token;
