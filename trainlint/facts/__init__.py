"""The facts of training runs: types without logic, and `extract`, which builds them."""
