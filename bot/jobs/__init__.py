"""What happens after a commit: the engine, the runner, a handler for each kind of effect; and recurring chores."""
