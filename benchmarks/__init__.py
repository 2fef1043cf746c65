"""Benchmarks: skxai beside its peers, and against its own targets. ``make bench`` runs them; see RESULTS.md."""
