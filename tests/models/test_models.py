"""The classifiers: their networks' architecture, and what training promises."""

import contextlib
import pickle
import warnings

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.utils import get_tags
from torch import nn

from skxai.engine import (
    FittedClassifier,
    FittedNetworkClassifier,
    cam_layer_of,
    module_of,
    output_of,
    silence_of,
)
from skxai.models import (
    AcoumonClassifier,
    AcoumonNet,
    M5Classifier,
    M5Net,
    PretrainedClassifier,
    ResNet,
    ResNetClassifier,
    TorchClassifier,
)
from skxai.testing.checks._assertions import untouched


class Dense(nn.Sequential):
    """Logits of any clip, through a batch norm, which can't be trained on one clip."""

    def __init__(self, input_shape, n_classes, width=8):
        super().__init__(
            nn.Flatten(), nn.Linear(int(np.prod(input_shape)), width), nn.BatchNorm1d(width), nn.Linear(width, n_classes)
        )


def clips(n=16, shape=(1, 4, 5)):
    """Return clips of two classes that a mean tells apart."""
    y = np.resize(["quiet", "loud"], n)
    X = np.random.default_rng(0).random((n, *shape)) + 2 * (y == "loud").reshape(-1, *[1] * len(shape))
    return X.astype(np.float32), y


def listens_to_the_mean(outputs):
    """Return a module that tells ``clips`` apart without an error: "loud" is where the mean is above 1.5."""
    module = nn.Sequential(nn.Flatten(), nn.Linear(20, 2))
    sign = torch.tensor([[1.0] if label == "loud" else [-1.0] for label in outputs])
    with torch.no_grad():
        module[1].weight.copy_(sign.expand(2, 20) / 20)
        module[1].bias.copy_(-1.5 * sign[:, 0])
    return module


def weights(classifier):
    """Return the trained weights as bytes."""
    return {name: value.numpy().tobytes() for name, value in classifier.module_.state_dict().items()}


@contextlib.contextmanager
def number_of_threads_kept():
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)


class TestM5:
    def test_has_the_parameters_of_the_paper(self):
        """0.55 million, which the paper's table 1 rounds to 0.5."""
        net = M5Net((32000,), 10, n_filters=128)
        assert sum(weight.numel() for weight in net.parameters()) == pytest.approx(0.555e6, rel=0.02)
        sizes = [(layer.kernel_size, layer.stride) for layer in net.features if isinstance(layer, nn.Conv1d)]
        assert sizes == [((80,), (4,)), *[((3,), (1,))] * 3]

    @pytest.mark.parametrize("n_samples", [1, 3, 79, 80, 81, 2000])
    def test_takes_waveforms_of_any_length(self, n_samples):
        net = M5Net((n_samples,), 3, n_filters=2).eval()
        assert net(torch.randn(2, n_samples)).shape == (2, 3)

    def test_images_are_refused(self):
        with pytest.raises(ValueError, match=r"X must be waveforms \(n, samples\) for M5Classifier; got .* \(1, 4, 5\)"):
            M5Classifier().fit(*clips())

    def test_learning_rate_falls_to_0_as_half_a_cosine(self):
        classifier = M5Classifier(n_filters=2, max_epochs=4, lr=0.01, random_state=0).fit(*clips(shape=(50,)))
        expected = 0.005 * (1 + np.cos(np.pi * np.arange(4) / 4))
        np.testing.assert_allclose(classifier.history_[:, "event_lr"], expected, rtol=1e-6)

    def test_silence_is_0_whatever_the_lowest_sample(self):
        X, y = clips(shape=(50,))
        X -= 1.5
        classifier = M5Classifier(n_filters=2, max_epochs=1, random_state=0).fit(X, y)
        assert classifier.feature_range_ == (X.min(), X.max(), 0.0)
        others = [clone(TorchClassifier(Dense, silence=silence, max_epochs=1)).fit(X, y) for silence in (None, 0.25)]
        assert [other.feature_range_.silence for other in others] == [X.min(), 0.25]


@pytest.mark.parametrize("silence", [np.nan, -np.inf, "floor"])
def test_silence_is_a_finite_number(silence):
    X, y = clips()
    for classifier in (TorchClassifier(Dense, silence=silence), PretrainedClassifier(Dense((1, 4, 5), 2), silence=silence)):
        with pytest.raises(ValueError, match=f"'silence' parameter of {type(classifier).__name__}"):
            classifier.fit(X, y)


class TestResNet:
    @pytest.mark.parametrize(("depth", "n_parameters"), [(18, 11_689_512), (34, 21_797_672), (50, 25_557_032),
                                                         (101, 44_549_160), (152, 60_192_808)])  # fmt: skip
    def test_has_the_published_number_of_parameters_and_layers(self, depth, n_parameters):
        with torch.device("meta"):
            net = ResNet((3, 224, 224), 1000, depth)
        assert sum(parameter.numel() for parameter in net.parameters()) == n_parameters
        weighted = [
            name
            for name, layer in net.named_modules()
            if isinstance(layer, (nn.Conv2d, nn.Linear)) and "downsample" not in name
        ]
        assert len(weighted) == depth

    def test_has_torchvisions_names(self):
        with torch.device("meta"):
            names = set(ResNet((3, 64, 64), 10, 18).state_dict())
            deep = set(ResNet((3, 64, 64), 10, 50).state_dict())
        assert {"conv1.weight", "bn1.running_mean", "layer1.0.conv1.weight", "layer2.0.downsample.0.weight",
                "layer2.0.downsample.1.bias", "layer4.1.bn2.num_batches_tracked", "fc.weight", "fc.bias"} <= names  # fmt: skip
        assert not any(name.startswith(("layer1.0.downsample", "layer2.1.downsample", "image")) for name in names)
        assert len(names) == 122
        assert {"layer1.0.downsample.0.weight", "layer3.5.conv3.weight", "layer4.2.bn3.weight"} <= deep
        assert len(deep) == 320

    def test_feature_maps_halve_as_published(self):
        net, shapes = ResNet((1, 13, 400), 10).eval(), {}
        for number in range(1, 5):
            net.get_submodule(f"layer{number}").register_forward_hook(
                lambda layer, inputs, output, number=number: shapes.__setitem__(number, tuple(output.shape[1:]))
            )
        with torch.no_grad():
            net(torch.zeros(1, 1, 13, 400))
        assert shapes == {1: (64, 4, 100), 2: (128, 2, 50), 3: (256, 1, 25), 4: (512, 1, 13)}

    def test_unknown_depth_is_refused(self):
        X, y = clips()
        with pytest.raises(ValueError, match=r"'depth' parameter of ResNetClassifier.*19"):
            ResNetClassifier(19).fit(X, y)


def test_acoumon_is_the_network_of_the_thesis():
    net = AcoumonNet((1, 32, 32), 5)
    layers = list(net.modules())
    convolutions = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
    assert [layer.out_channels for layer in convolutions] == [16, 32, 64, 128]
    assert {layer.kernel_size for layer in convolutions} == {(8, 4)}
    assert [layer.out_features for layer in layers if isinstance(layer, nn.Linear)] == [200, 100, 5]
    assert not any(isinstance(layer, nn.Dropout) for layer in layers)
    recipe = AcoumonClassifier().get_params()
    assert (recipe["max_epochs"], recipe["lr"]) == (12, 3e-5)


class TestTraining:
    def test_seed_decides_and_torchs_own_state_neither_counts_nor_changes(self):
        X, y = clips()
        fitted = []
        for seed in (1, 2):
            torch.manual_seed(seed)
            before = torch.get_rng_state()
            fitted.append(TorchClassifier(Dense, max_epochs=2, random_state=0).fit(X, y).predict_proba(X))
            assert torch.equal(torch.get_rng_state(), before)
        np.testing.assert_array_equal(*fitted)
        other = TorchClassifier(Dense, max_epochs=2, random_state=1).fit(X, y).predict_proba(X)
        assert (other != fitted[0]).any()

    @pytest.mark.parametrize("n_threads", [1, 2])
    def test_number_of_threads_decides_the_weights_and_torchs_own_neither_counts_nor_changes(self, n_threads):
        X, y = clips(16, (1, 32, 32))
        classifier = AcoumonClassifier(n_threads=n_threads, lr=1e-3, max_epochs=1, random_state=0)
        with number_of_threads_kept():
            torch.set_num_threads(n_threads)
            expected = weights(clone(classifier).set_params(n_threads=None).fit(X, y))
            for others in {1, 2, 3} - {n_threads}:
                torch.set_num_threads(others)
                assert weights(classifier.fit(X, y)) == expected
                assert torch.get_num_threads() == others

    def test_number_of_threads_is_given_back_after_an_error(self):
        X, y = clips()
        before = torch.get_num_threads()
        with pytest.raises(ValueError, match="diverged"):
            TorchClassifier(Dense, lr=1e30, optimizer=torch.optim.SGD, max_epochs=5, n_threads=before + 1, random_state=0).fit(
                X, y
            )
        assert torch.get_num_threads() == before

    def test_learns_and_speaks_in_labels(self):
        X, y = clips()
        classifier = TorchClassifier(Dense, lr=0.01, module_params={"width": 4}, random_state=0).fit(X, y)
        assert classifier.score(X, y) == 1
        assert classifier.classes_.tolist() == ["loud", "quiet"]
        assert classifier.module_[1].out_features == 4
        assert len(classifier.history_) == 20

    @pytest.mark.parametrize("n", [17, 33])
    def test_last_batch_of_one_clip_does_not_stop_batch_norm(self, n):
        X, y = clips(n)
        TorchClassifier(Dense, max_epochs=2, batch_size=16, random_state=0).fit(X, y)

    def test_validation_loss_is_followed_on_clips_that_are_held_out(self):
        X, y = clips(20)
        classifier = TorchClassifier(Dense, max_epochs=3, validation_fraction=0.2, random_state=0).fit(X, y)
        assert len(classifier.history_[:, "valid_loss"]) == 3

    def test_class_with_one_clip_cannot_be_validated(self):
        X, y = clips(9)
        y = np.where(np.arange(9) == 3, "rare", "common")
        with pytest.raises(ValueError, match=r"validation_fraction=0\.2 of TorchClassifier; class .*'rare'.* has 1"):
            TorchClassifier(Dense, validation_fraction=0.2).fit(X, y)
        assert TorchClassifier(Dense, max_epochs=1).fit(X, y).classes_.tolist() == ["common", "rare"]

    def test_module_instance_is_refused(self):
        X, y = clips()
        with pytest.raises(TypeError, match=r"(?s)'module' parameter of TorchClassifier must be .*PretrainedClassifier"):
            TorchClassifier(Dense((1, 4, 5), 2)).fit(X, y)

    def test_diverged_training_is_an_error(self):
        X, y = clips()
        with pytest.raises(ValueError, match=r"training of TorchClassifier diverged.*Lower lr"):
            TorchClassifier(Dense, lr=1e30, optimizer=torch.optim.SGD, max_epochs=5, random_state=0).fit(X, y)

    def test_one_class_is_refused(self):
        X, _ = clips()
        with pytest.raises(ValueError, match=r"y must hold at least 2 classes for TorchClassifier; got 1 class, .*'only'"):
            TorchClassifier(Dense).fit(X, ["only"] * 16)

    def test_progress_is_shown_on_request_and_pickles(self, capsys):
        X, y = clips()
        quiet = TorchClassifier(Dense, max_epochs=1, random_state=0).fit(X, y)
        assert capsys.readouterr() == ("", "")
        loud = TorchClassifier(Dense, max_epochs=1, random_state=0, verbose=1).fit(X, y)
        assert "TorchClassifier: training" in capsys.readouterr().err
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(loud)).predict_proba(X), quiet.predict_proba(X))


class TestPretrained:
    def test_is_ready_at_once_and_keeps_its_module_through_fit_and_clone(self):
        X, y = clips()
        module = Dense((1, 4, 5), 2).eval()
        classifier = PretrainedClassifier(module, ["loud", "quiet"])
        expected = torch.softmax(module(torch.from_numpy(X)), 1).detach()
        np.testing.assert_allclose(classifier.predict_proba(X), expected, rtol=1e-4)
        weights = {name: value.clone() for name, value in module.state_dict().items()}
        copy = clone(classifier).fit(X, y)
        assert copy.module_ is module
        assert all(torch.equal(value, weights[name]) for name, value in module.state_dict().items())
        assert copy.feature_range_ == (X.min(), X.max(), X.min())
        assert set(copy.predict(X)) <= {"loud", "quiet"}

    def test_training_mode_of_the_module_does_not_count(self):
        X, _ = clips()
        module = Dense((1, 4, 5), 2)
        got = {mode: PretrainedClassifier(module.train(mode)).predict_proba(X) for mode in (True, False)}
        np.testing.assert_array_equal(got[True], got[False])

    def test_classes_are_counted_by_the_last_linear_layer_or_must_be_given(self):
        assert PretrainedClassifier(Dense((20,), 4)).classes_.tolist() == [0, 1, 2, 3]
        with pytest.raises(ValueError, match=r"'classes' parameter of PretrainedClassifier must be given.*Conv2d"):
            PretrainedClassifier(nn.Conv2d(1, 2, 3)).classes_  # noqa: B018

    def test_fit_takes_the_sorted_labels_of_y_for_the_outputs(self):
        X, y = clips()  # "loud" comes before "quiet": it is the first output
        classifier = PretrainedClassifier(listens_to_the_mean(["loud", "quiet"]))
        assert classifier.classes_.tolist() == [0, 1]
        assert classifier.fit(X, y).classes_.tolist() == ["loud", "quiet"]
        assert classifier.score(X, y) == 1
        assert pickle.loads(pickle.dumps(classifier)).score(X, y) == 1
        assert classifier.fit(X, np.where(y == "loud", -5, 7)).classes_.tolist() == [-5, 7]
        assert classifier.fit(X).classes_.tolist() == [0, 1]

    def test_given_classes_are_in_the_order_of_the_outputs_whatever_y_holds(self):
        X, y = clips()
        classifier = PretrainedClassifier(listens_to_the_mean(["quiet", "loud"]), ["quiet", "loud"])
        assert classifier.fit(X, y).classes_.tolist() == ["quiet", "loud"]
        assert classifier.score(X, y) == 1
        fold = y == "loud"
        assert classifier.fit(X[fold], y[fold]).score(X, y) == 1

    @pytest.mark.parametrize("n_labels", [1, 2, 5])
    def test_another_number_of_labels_than_of_outputs_is_refused(self, n_labels):
        X, _ = clips(10)
        classifier = PretrainedClassifier(Dense((1, 4, 5), 4)).fit(X, np.resize(list("abcd"), 10))
        counted = "1 class" if n_labels == 1 else f"{n_labels} classes"
        with pytest.raises(ValueError, match=rf"y has {counted}, but .* Dense has 4 outputs: give classes=.* to Pretrained"):
            classifier.fit(X, np.arange(10) % n_labels)
        assert classifier.classes_.tolist() == list("abcd")

    def test_label_that_is_not_in_classes_is_refused(self):
        X, y = clips()
        y[3] = "siren"
        classifier = PretrainedClassifier(Dense((1, 4, 5), 3), ["quiet", "loud", "alarm"])
        with pytest.raises(ValueError, match=r"y .* in classes of PretrainedClassifier, \['quiet', .*; got 'siren' in y"):
            classifier.fit(X, y)

    def test_module_without_a_linear_layer_is_told_its_classes(self):
        X, y = clips()
        module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        with pytest.raises(ValueError, match=r"'classes' parameter of PretrainedClassifier must be given.*Sequential"):
            PretrainedClassifier(module).fit(X, y)
        assert set(PretrainedClassifier(module, ["quiet", "loud"]).fit(X, y).predict(X)) <= {"quiet", "loud"}

    def test_clone_forgets_the_labels_but_not_the_module(self):
        X, y = clips()
        fitted = PretrainedClassifier(Dense((1, 4, 5), 2)).fit(X, y)
        copy = clone(fitted)
        assert copy.get_params() == fitted.get_params() == {
            "module": fitted.module, "classes": None, "output": "logits", "silence": None,
        }  # fmt: skip
        assert copy.classes_.tolist() == [0, 1]
        assert set(copy.predict(X)) <= {0, 1}

    @pytest.mark.usefixtures("two_threads")
    @pytest.mark.parametrize("classes", [None, ["loud", "quiet"]])
    def test_fit_leaves_the_module_and_the_data_alone(self, classes):
        X, y = clips()
        module = Dense((1, 4, 5), 2).train()
        with untouched(module, X, y):
            PretrainedClassifier(module, classes).fit(X, y).predict(X)

    def test_classes_given_later_win_over_those_of_y(self):
        X, y = clips()
        fitted = PretrainedClassifier(Dense((1, 4, 5), 2)).fit(X, y)
        assert fitted.set_params(classes=["b", "a"]).classes_.tolist() == ["b", "a"]

    @pytest.mark.parametrize(("k", "multi_class"), [(2, False), (3, True)])
    def test_multi_class_takes_more_than_two_outputs(self, k, multi_class):
        unnamed, named = PretrainedClassifier(Dense((20,), k)), PretrainedClassifier(nn.Conv2d(1, k, 3), list(range(k)))
        assert [get_tags(it).classifier_tags.multi_class for it in (unnamed, named)] == [multi_class] * 2

    def test_what_is_no_module_is_refused(self):
        with pytest.raises(ValueError, match="'module' parameter of PretrainedClassifier"):
            PretrainedClassifier(Dense).fit(*clips())


def test_training_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        AcoumonClassifier(max_epochs=1, random_state=0).fit(*clips(8, (1, 32, 32)))


class TestProtocol:
    """What the engine asks of classifiers, ours all tell."""

    @pytest.mark.parametrize(
        "classifier",
        [
            AcoumonClassifier(max_epochs=1),
            M5Classifier(max_epochs=1, n_filters=2),
            ResNetClassifier(max_epochs=1),
            TorchClassifier(AcoumonNet, max_epochs=1),
            PretrainedClassifier(nn.Sequential(nn.Flatten(), nn.Linear(400, 2))),
        ],
        ids=lambda classifier: type(classifier).__name__,
    )
    def test_our_classifiers_satisfy_it(self, classifier):
        X = np.random.default_rng(0).random((8, 400), dtype=np.float32)
        fitted = classifier.fit(X, np.tile(["a", "b"], 4))
        assert isinstance(fitted, FittedNetworkClassifier)
        assert isinstance(fitted, FittedClassifier)
        assert module_of(FrozenEstimator(fitted)) is fitted.module_
        assert output_of(fitted) == "logits"
        assert silence_of(fitted) == (0.0 if isinstance(fitted, M5Classifier) else None)
        assert cam_layer_of(fitted) == ("features.14" if isinstance(fitted, M5Classifier) else None)

    def test_a_classifier_without_a_network_tells_its_probabilities(self):
        X = np.random.default_rng(0).random((8, 3), dtype=np.float32)
        fitted = RandomForestClassifier(2).fit(X, np.tile(["a", "b"], 4))
        assert isinstance(fitted, FittedClassifier)
        assert not isinstance(fitted, FittedNetworkClassifier)
        assert module_of(fitted) is None
        assert silence_of(fitted) is cam_layer_of(fitted) is None
