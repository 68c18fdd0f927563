-- Whoever was entered was here: a person is corrected, never taken out; and what was decided about two stays decided.
REVOKE DELETE, TRUNCATE ON people_person, people_household, people_pair FROM bihuan_app;
