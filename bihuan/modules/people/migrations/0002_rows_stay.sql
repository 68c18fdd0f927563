-- Whoever was entered was here: a person is corrected, never taken out.
REVOKE DELETE, TRUNCATE ON people_person, people_household FROM bihuan_app;
