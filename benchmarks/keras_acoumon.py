"""AcoumonNet carried over to Keras with its weights: the network that tf-keras-vis explains is the one that all others do."""

import numpy as np
import torch


def to_keras(net, input_shape):
    """Return a Keras model of the outputs of an ``AcoumonNet`` in eval mode.

    Parameters
    ----------
    net : AcoumonNet
    input_shape : tuple of int
        ``(c, f, t)``, as torch has it.

    Returns
    -------
    keras.Model
        ``(n, f, t, c)`` → logits ``(n, k)``.
    """
    from tensorflow import keras

    channels, frequencies, frames = input_shape
    x = inputs = keras.Input((frequencies, frames, channels))
    for layer in net.features:
        x = _converted(layer, keras)(x)
    x = keras.layers.Permute((3, 1, 2))(x)  # torch flattens channels first
    for layer in net.classifier:
        x = _converted(layer, keras)(x)
    model = keras.Model(inputs, x)
    theirs = [layer for layer in model.layers if layer.weights]
    ours = [layer for layer in (*net.features, *net.classifier) if next(layer.parameters(), None) is not None]
    for layer, source in zip(theirs, ours):
        layer.set_weights(_weights(source))
    return model


def check_same_outputs(net, model, X, tolerance=1e-4):
    """Assert that both networks give the same logits of ``X (n, c, f, t)``."""
    with torch.inference_mode():
        ours = net(torch.from_numpy(X)).numpy()
    theirs = model(to_nhwc(X), training=False).numpy()
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=tolerance)


def to_nhwc(X):
    """Return ``X (n, c, f, t)`` with the channels last."""
    return np.ascontiguousarray(X.transpose(0, 2, 3, 1))


def _converted(layer, keras):
    kind = type(layer).__name__
    if kind == "Conv2d":
        # Keras pads inside a convolution on one side only; the net pads on both.
        padding = keras.layers.ZeroPadding2D(layer.padding)
        convolution = keras.layers.Conv2D(layer.out_channels, layer.kernel_size)
        return lambda x: convolution(padding(x))
    if kind == "BatchNorm2d":
        return keras.layers.BatchNormalization(epsilon=layer.eps)
    if kind == "Linear":
        return keras.layers.Dense(layer.out_features)
    return {"ReLU": keras.layers.ReLU, "MaxPool2d": keras.layers.MaxPooling2D, "Flatten": keras.layers.Flatten}[kind]()


def _weights(layer):
    arrays = {name: value.detach().cpu().numpy() for name, value in layer.state_dict().items()}
    if layer.weight.dim() == 4:
        return [arrays["weight"].transpose(2, 3, 1, 0), arrays["bias"]]
    if layer.weight.dim() == 2:
        return [arrays["weight"].T, arrays["bias"]]
    return [arrays["weight"], arrays["bias"], arrays["running_mean"], arrays["running_var"]]
