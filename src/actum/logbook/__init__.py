"""The log-book from Python: ``actum.run()`` writes a script's run, ``actum.runs()`` reads them all."""
