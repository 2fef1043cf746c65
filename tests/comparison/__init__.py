"""The comparison: tables, statistics and the page."""
