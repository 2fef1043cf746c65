"""Oracles: every explainer and metric written again from its paper, and the package held against them."""
