"""What came of what: data, features, runs, versions, stages and decisions in one graph, built from records alone."""
