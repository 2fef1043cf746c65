"""skxai beside other packages, in the same process, on the same trained network: under their convention the numbers agree.

Where a package is known to be wrong, and a docstring says so, a test shows it in the version that is installed.
"""
