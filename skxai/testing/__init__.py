"""For those who write explainers and metrics of their own: everything that skxai offers, and the contracts that hold for all.

It looks at the packages up to metrics, as ``numpy.testing`` looks at NumPy.
"""
