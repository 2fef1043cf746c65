"""Label randomisation: a network of the same architecture learns permuted labels, whatever classifier holds the module."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from skorch import NeuralNetClassifier
from torch import nn

from skxai.engine import shared_passes
from skxai.explainers import GradCAM, VanillaSaliency
from skxai.metrics import label_randomisation, train_on_permuted_labels
from skxai.models import PretrainedClassifier, TorchClassifier
from skxai.testing.checks._subjects import CLASSES, SHAPES, SmallNet, clips, fit_on, small_net

SHAPE = SHAPES[-1]


@pytest.fixture
def X():
    return clips(SHAPE, n=12)


@pytest.fixture
def y():
    return np.repeat(CLASSES, 4)


def labels_of(module, X, classes):
    with torch.no_grad():
        return np.asarray(classes)[module(torch.from_numpy(X)).argmax(1).numpy()]


def saliency(net, X):
    return fit_on(VanillaSaliency(PretrainedClassifier(net)), net, X)


class TestTraining:
    def test_permuted_labels_are_learned_by_heart_and_not_the_true_ones(self, X, y):
        classifier = PretrainedClassifier(small_net(SHAPE), CLASSES)
        module = train_on_permuted_labels(classifier, X, y, max_epochs=150, random_state=3)
        permuted = y[np.random.default_rng(3).permutation(len(y))]
        assert (permuted != y).any()
        assert (labels_of(module, X, CLASSES) == permuted).mean() > 0.9
        assert (labels_of(module, X, CLASSES) == y).mean() < 0.7

    def test_starts_from_new_weights_in_every_layer(self, X, y):
        net = small_net(SHAPE)
        module = train_on_permuted_labels(PretrainedClassifier(net, CLASSES), X, y, max_epochs=1)
        # One step of Adam moves a weight by no more than its learning rate.
        moved = {name: (new - old).abs().max() for (name, old), new in zip(net.named_parameters(), module.parameters())}
        assert min(moved.values()) > 0.01, moved

    def test_seed_decides(self, X, y):
        classifier = PretrainedClassifier(small_net(SHAPE), CLASSES)
        first, again, other = (
            train_on_permuted_labels(classifier, X, y, max_epochs=2, random_state=seed).dense.weight for seed in (0, 0, 1)
        )
        assert torch.equal(first, again)
        assert not torch.equal(first, other)

    def test_settings_are_the_classifiers_own(self, X, y, monkeypatch):
        trained = []

        def fit(net, *arguments):
            trained.append(net)
            net.initialize()

        classifier = TorchClassifier(SmallNet, lr=0.02, max_epochs=2, batch_size=5, optimizer=torch.optim.SGD).fit(X, y)
        monkeypatch.setattr(NeuralNetClassifier, "fit", fit)
        train_on_permuted_labels(classifier, X, y)
        train_on_permuted_labels(PretrainedClassifier(small_net(SHAPE), CLASSES), X, y)
        got = [(net.lr, net.max_epochs, net.batch_size, net.optimizer) for net in trained]
        assert got == [(0.02, 2, 5, torch.optim.SGD), (1e-3, 20, 32, torch.optim.Adam)]

    def test_module_that_ends_in_a_softmax_learns_too(self, X, y):
        net = nn.Sequential(small_net(SHAPE), nn.Softmax(dim=1))
        classifier = PretrainedClassifier(net, CLASSES, output="probabilities")
        module = train_on_permuted_labels(classifier, X, y, max_epochs=150, random_state=3)
        assert (labels_of(module, X, CLASSES) == y[np.random.default_rng(3).permutation(len(y))]).mean() > 0.9

    def test_a_last_batch_of_one_clip_is_no_trouble_for_batch_norm(self, X, y):
        classifier = TorchClassifier(SmallNet, max_epochs=1, batch_size=11).fit(X, y)
        train_on_permuted_labels(classifier, X, y)

    def test_diverged_training_is_told(self, X, y):
        classifier = TorchClassifier(SmallNet, max_epochs=1).fit(X, y).set_params(lr=1e30, max_epochs=3)
        with pytest.raises(ValueError, match=r"SmallNet on permuted labels diverged.*lower lr than 1e\+30"):
            train_on_permuted_labels(classifier, X * 1e10, y)


class TestCorrelation:
    def test_is_that_with_the_maps_of_the_other_network(self, X, y):
        net = small_net(SHAPE)
        explainer = saliency(net, X)
        maps = explainer.transform(X)
        module = train_on_permuted_labels(explainer, X, y, max_epochs=3, random_state=2)
        after = saliency(module, X).explain(X, explainer.predict(X))
        ranks = np.argsort(np.argsort(np.stack([maps, after]).reshape(2, len(X), -1), axis=2), axis=2)
        expected = [np.corrcoef(a, b)[0, 1] for a, b in zip(*ranks)]
        values = label_randomisation(explainer, X, maps, y, max_epochs=3, random_state=2)
        np.testing.assert_allclose(values, expected, atol=1e-3)
        assert values.max() < 0.9

    def test_every_kind_of_classifier_is_trained_anew(self, X, y):
        skorch = NeuralNetClassifier(
            SmallNet, module__input_shape=SHAPE, criterion=nn.CrossEntropyLoss, max_epochs=1, train_split=None, verbose=0
        )
        own = TorchClassifier(SmallNet, max_epochs=1, random_state=0)
        for estimator in (own, FrozenEstimator(clone(own).fit(X, y)), skorch):
            explainer = GradCAM(estimator).fit(X, y)
            values = label_randomisation(explainer, X, explainer.transform(X), y)
            assert np.nanmax(values) < 0.999
            assert not np.isnan(values).all()

    def test_trains_on_other_clips_where_they_are_given(self, X, y):
        explainer = saliency(small_net(SHAPE), X)
        maps = explainer.transform(X)
        few = label_randomisation(explainer, X[:2], maps[:2], X_train=X, y_train=y, max_epochs=2)
        np.testing.assert_allclose(few, label_randomisation(explainer, X, maps, y, max_epochs=2)[:2], atol=1e-4)

    def test_methods_over_one_classifier_share_the_training(self, X, y, monkeypatch):
        net, trainings, fit = small_net(SHAPE), [], NeuralNetClassifier.fit
        monkeypatch.setattr(NeuralNetClassifier, "fit", lambda *arguments: trainings.append(1) or fit(*arguments))
        frozen = FrozenEstimator(PretrainedClassifier(net, CLASSES))
        with shared_passes():
            for method in (VanillaSaliency, GradCAM):
                explainer = method(frozen).fit(X)
                label_randomisation(explainer, X, explainer.transform(X), y, max_epochs=1)
        assert len(trainings) == 1

    @pytest.mark.parametrize(
        ("keywords", "message"),
        [
            ({}, "y, or X_train and y_train, must be given for label_randomisation; got None"),
            ({"X_train": [[0.0]]}, "X_train and y_train must be given together"),
            ({"y": ["alarm", "bell"] * 6}, r"y must hold only labels that the classifier knows, .*; got 'bell'"),
            ({"y": ["alarm"] * 12}, "y must hold at least 2 classes to be permuted; got only 'alarm'"),
            ({"y": ["alarm", "cough"]}, r"y must hold one label for each of the 12 clips; got shape \(2,\)"),
        ],
    )
    def test_what_cannot_be_permuted_is_refused(self, X, keywords, message):
        explainer = saliency(small_net(SHAPE), X)
        with pytest.raises(ValueError, match=message):
            label_randomisation(explainer, X, X, **keywords)
        with pytest.raises(TypeError, match="estimator must be an explainer for label_randomisation"):
            label_randomisation(explainer.estimator_, X, X, np.resize(CLASSES, 12))
