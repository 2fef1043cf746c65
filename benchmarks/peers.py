"""How each peer does the same work, as its user would have it done: clips in batches, everything built beforehand.

Each function takes a subject and clips and returns a function without arguments, or a list of such, one for each batch size
that suits; the benchmark keeps the fastest. It raises ImportError where the peer is not installed. Each runs in a process of
its own (see ``apart``), so that nothing of skxai but the network's definition is at work there.
"""

import contextlib
import io
from functools import partial

import numpy as np
import torch

from .keras_acoumon import check_same_outputs, to_keras, to_nhwc


def captum_smooth_grad(subject, X):
    from captum.attr import NoiseTunnel, Saliency

    tunnel = NoiseTunnel(Saliency(subject.module))
    x, target = subject.tensor(X), subject.predicted(X)

    def with_draws_at_once(draws):
        return lambda: tunnel.attribute(x, nt_samples=20, nt_samples_batch_size=draws, stdevs=0.2, target=target)

    # A batch is clips × draws: 64, 128, or the default, all.
    return [with_draws_at_once(draws) for draws in (1, 2, 20)]


def tf_keras_vis_smooth_grad(subject, X):
    model, clips = _keras_model_and_clips(subject, X)
    from tf_keras_vis.saliency import Saliency
    from tf_keras_vis.utils.scores import CategoricalScore

    saliency, score = Saliency(model), CategoricalScore(subject.predicted(X).tolist())
    return lambda: saliency(score, clips, smooth_samples=20, smooth_noise=0.2)


def tf_keras_vis_faster_score_cam(subject, X):
    model, clips = _keras_model_and_clips(subject, X)
    from tf_keras_vis.scorecam import Scorecam
    from tf_keras_vis.utils.scores import CategoricalScore

    cam, predicted = Scorecam(model), subject.predicted(X).tolist()
    # Of 256 clips in a call it takes a third longer for each, of 8 a half.
    calls = [(CategoricalScore(predicted[start : start + 64]), clips[start : start + 64]) for start in range(0, len(X), 64)]

    def with_batch_size(batch_size):
        def call():
            with contextlib.redirect_stdout(io.StringIO()):  # Keras draws a bar
                for score, some in calls:
                    cam(score, some, penultimate_layer=-1, max_N=10, batch_size=batch_size)

        return call

    # Its own default is 32.
    return [with_batch_size(batch_size) for batch_size in (32, 256)]


def grad_cam(subject, X, method="GradCAM"):
    import pytorch_grad_cam

    cam = getattr(pytorch_grad_cam, method)(subject.module, [subject.last_convolution])
    batches = subject.tensor(X).split(64)

    def call():
        for batch in batches:
            cam(batch, None)

    return call


def grad_cam_plus_plus(subject, X):
    return grad_cam(subject, X, "GradCAMPlusPlus")


def score_cam(subject, X):
    import pytorch_grad_cam

    x = subject.tensor(X)

    def with_batch_size(batch_size):
        cam = pytorch_grad_cam.ScoreCAM(subject.module, [subject.last_convolution])
        cam.batch_size = batch_size  # of masked inputs; clips are taken one by one
        return lambda: cam(x, None)

    # Its own default is 16.
    return [with_batch_size(batch_size) for batch_size in (64, 16)]


def quantus_monotonicity_correlation(subject, X, features_in_step):
    with contextlib.redirect_stdout(io.StringIO()):
        import quantus

    metric = quantus.MonotonicityCorrelation(
        nr_samples=10, features_in_step=features_in_step, perturb_baseline="uniform", disable_warnings=True
    )
    y, maps = subject.predicted(X).cpu().numpy(), subject.gradients(X)

    def call():
        metric(model=subject.module, x_batch=X, y_batch=y, a_batch=maps, device=subject.device, batch_size=64)

    return call


def torch_cam_deletion_insertion(subject, X):
    from torchcam.methods import GradCAM
    from torchcam.metrics import DeletionInsertionMetric

    x = subject.tensor(X)

    extractor = GradCAM(subject.module, subject.last_convolution_name, input_shape=subject.shape)
    softmax = partial(torch.softmax, dim=-1)

    def with_batch_size(batch_size):
        def call():
            metric = DeletionInsertionMetric(extractor, softmax, steps=100, batch_size=batch_size)
            metric.update(x)
            metric.summary()

        return call

    # Its own default is 32. Of 1,024 pixels it makes 94 steps where 100 are asked for; skxai makes 100.
    return [with_batch_size(batch_size) for batch_size in (64, 32)]


def _keras_model_and_clips(subject, X):
    import tensorflow as tf
    import tf_keras_vis  # noqa: F401  (whether it is there, before the work)

    if subject.device != "cpu":
        raise ImportError("tensorflow is installed for the CPU")
    tf.config.set_visible_devices([], "GPU")
    model = to_keras(subject.module, subject.shape)
    check_same_outputs(subject.module, model, X)
    return model, np.ascontiguousarray(to_nhwc(X))
