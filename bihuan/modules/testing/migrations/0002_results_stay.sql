-- A result is what a laboratory said at that moment: it is added to by a correction, never changed or removed.
REVOKE UPDATE, DELETE, TRUNCATE ON testing_result FROM bihuan_app;
REVOKE DELETE, TRUNCATE ON testing_sample FROM bihuan_app;
