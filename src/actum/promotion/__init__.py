"""A version takes a stage: the plan, the branch that carries it, and the check that judges it before the merge."""
