"""Write tests/peers/tf_keras_vis.npz: what tf-keras-vis finds for the trained network, clip by clip, and the network itself.

TensorFlow is too heavy to be imported, or installed, for a test. Run by hand, in the repository's root, when tf-keras-vis or
``train`` changes::

    python -m pip install -c constraints.txt -e ".[peers]"
    python tests/peers/make_tf_keras_vis.py
"""

import importlib.metadata
import sys
from pathlib import Path
from unittest import mock

import numpy as np

PATH = Path(__file__).with_name("tf_keras_vis.npz")
N_CLIPS = 4
N_CHANNELS = 4  # of 12
N_DRAWS, SEED = 7, 3


def main():
    sys.path[:0] = [str(PATH.parents[2]), str(PATH.parents[1])]  # for the benchmarks and the tests beside this file
    import tensorflow as tf
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
    from tf_keras_vis.layercam import Layercam
    from tf_keras_vis.saliency import Saliency
    from tf_keras_vis.scorecam import Scorecam
    from tf_keras_vis.utils.scores import CategoricalScore

    from benchmarks.keras_acoumon import check_same_outputs, to_keras, to_nhwc
    from peers.side_by_side import SHAPE, train

    tf.config.set_visible_devices([], "GPU")
    subject = train()
    X, columns = subject.X[:N_CLIPS], subject.columns[:N_CLIPS].numpy()
    model = to_keras(subject.trained, SHAPE)
    check_same_outputs(subject.trained, model, X)

    def together(method, *, clips=slice(None), model=model, **params):
        maps = method(model)(CategoricalScore(columns[clips].tolist()), to_nhwc(X[clips]), **params)
        return np.asarray(maps, np.float32).reshape(-1, *SHAPE)

    def alone(method, **params):
        return np.concatenate([together(method, clips=slice(clip, clip + 1), **params) for clip in range(N_CLIPS)])

    noise = to_nhwc(np.random.default_rng(SEED).standard_normal((N_DRAWS, *SHAPE), dtype=np.float32))
    with mock.patch("numpy.random.normal", lambda mean, sigma, shape: np.reshape(np.asarray(sigma) * noise[:, None], shape)):
        smooth_grad = alone(Saliency, keepdims=True, smooth_samples=N_DRAWS, smooth_noise=0.2)
    with_softmax = tf.keras.Model(model.inputs, tf.keras.layers.Softmax()(model.outputs[0]))
    steep = to_keras(subject.with_gradients_times(1000).trained, SHAPE)
    arrays = {
        "X": X,
        "columns": columns,
        "tf-keras-vis": importlib.metadata.version("tf-keras-vis"),
        "VanillaSaliency": alone(Saliency, keepdims=True),
        "SmoothGrad without noise": alone(Saliency, keepdims=True, smooth_samples=3, smooth_noise=0.0),
        "SmoothGrad": smooth_grad,
        "GradCAM": alone(Gradcam),
        "GradCAMPlusPlus": alone(GradcamPlusPlus),
        "LayerCAM": alone(Layercam),
        "ScoreCAM": alone(Scorecam),
        "FasterScoreCAM": alone(Scorecam, max_N=N_CHANNELS),
        "FasterScoreCAM of all clips together": together(Scorecam, max_N=N_CHANNELS),
        "ScoreCAM of a model that ends in a softmax": alone(Scorecam, model=with_softmax),
        "GradCAMPlusPlus of large scores": alone(GradcamPlusPlus, model=steep),
        **{f"weight {name}": values.numpy() for name, values in subject.trained.state_dict().items()},
    }
    np.savez_compressed(PATH, **arrays)
    print(f"{PATH}: {PATH.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
