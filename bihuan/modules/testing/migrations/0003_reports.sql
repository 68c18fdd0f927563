-- What a laboratory handed in stays, row by row, whatever became of it.
REVOKE DELETE, TRUNCATE ON testing_report, testing_reportrow FROM bihuan_app;
