"""The command line: one module a command, one error boundary, nothing imported that is not used."""
