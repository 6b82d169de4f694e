"""Git-native MLOps: records in git, bytes in DVC, any past model rebuilt from a commit."""
