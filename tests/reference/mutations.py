"""How a definition is broken in one place, and that the oracles notice."""

from .comparisons import EXPLAINERS, TOLERANCE, explainer_difference, metric_difference


class Mutations(dict):
    """Name of a test → ``(mutate, name, settings)``."""

    def breaks(self, *names, **settings):
        """Register ``mutate(patch)``, after which the explainers or metrics ``names`` must differ from their oracles."""

        def register(mutate):
            self.update({f"{mutate.__name__}-{name}": (mutate, name, settings) for name in names})
            return mutate

        return register


def check_is_caught(mutate, name, settings, subject, patch):
    """The comparison that passes before fails after."""
    compare = explainer_difference if name in EXPLAINERS else metric_difference
    assert compare(name, subject, **settings) <= TOLERANCE
    mutate(patch)
    assert compare(name, subject, **settings) > TOLERANCE


class Instead:
    """A module but for some of its functions."""

    def __init__(self, module, **others):
        self.module, self.others = module, others

    def __getattr__(self, name):
        return self.others[name] if name in self.others else getattr(self.module, name)
