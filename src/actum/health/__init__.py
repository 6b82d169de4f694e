"""What is missing, broken or left behind, each with the command that mends it. Looks only; repairs nothing."""
