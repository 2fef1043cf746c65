"""What developers run by make targets: a map of the packages, mutants for the tests."""
