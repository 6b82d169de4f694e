"""What many runs say, column by column, so that a question reads what it names and nothing else."""
