"""Begin a project, or adopt a repository that git and DVC know already, and lock its environment."""
