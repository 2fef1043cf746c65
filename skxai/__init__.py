"""skxai: explain audio CNN classifiers the scikit-learn way, and measure whether the explanations are true."""

__version__ = "0.1.0"
