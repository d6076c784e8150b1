"""The pre-flight checks that ship: branch, tests, security, migrations. A module each, with a `make_check`."""
