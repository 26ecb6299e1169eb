"""What operators run: the command line, the process, the checks before it starts."""
