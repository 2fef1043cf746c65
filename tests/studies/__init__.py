"""Studies: their clips, mixtures, runs and figures."""
