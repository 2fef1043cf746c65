"""The report: tables, statistics, clips and the page."""
