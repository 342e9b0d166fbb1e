"""Pure functions behind the report: no file access, no command line, one concept a module."""
