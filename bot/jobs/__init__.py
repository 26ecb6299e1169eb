"""What happens after a commit: the runner, attempts at effects, a handler for each kind of them; and recurring chores."""
