"""The only package that runs ``git``. Git is the database: objects, refs, one work tree."""
