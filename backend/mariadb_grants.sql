-- What the service does with its database, and nothing else: rows, and tables when a new version migrates them.
-- The MariaDB image runs this once, after it made the database and a user that may do everything with it.
REVOKE ALL PRIVILEGES, GRANT OPTION FROM 'optimizer'@'%';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES ON `battery\_optimizer`.* TO 'optimizer'@'%';
