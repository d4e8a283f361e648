DROP TABLE provisioning_target;
DROP TABLE provisioning;
