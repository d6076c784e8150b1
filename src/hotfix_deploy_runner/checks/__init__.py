"""The pre-flight checks that ship, a module each with a `make_check`; their order is the wiring's."""
