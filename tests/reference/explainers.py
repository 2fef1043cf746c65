"""The explainers, written again from their papers: float64, one clip at a time, slow and obvious.

Nothing comes from skxai, so that an error would have to be made twice. In all of them ``net`` is a torch module in float64
that returns scores S ``(1, k)``, ``x`` one clip, ``c`` the class. What is random is drawn by the caller.
"""

import math

import numpy as np
import torch
from scipy.special import roots_legendre
from torch.nn import functional


def scores(net, x):
    """S of all classes."""
    return net(x[None])[0]


def probabilities(net, x):
    """p_c = exp S_c / Σ exp S, of all classes."""
    with torch.no_grad():
        S = scores(net, x).tolist()
    return [math.exp(s) / sum(math.exp(other) for other in S) for s in S]


def vanilla_saliency(net, x, c):
    """|∂S_c/∂x| (Simonyan et al. 2013, section 3)."""
    x = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(scores(net, x)[c], x)
    return gradient.abs()


def smooth_grad(net, x, c, *, noise_level, noise):
    """Mean of |∂S_c/∂x| over noisy copies of x, σ being a share of the clip's own range (Smilkov et al. 2017)."""
    sigma = noise_level * (x.max() - x.min())
    total = torch.zeros_like(x)
    for standard_normal in noise:
        total += vanilla_saliency(net, x + sigma * standard_normal, c)
    return total / len(noise)


def feature_maps_and_gradients(net, x, c, layer):
    """A ``(k, rows, columns)`` of the layer, and ∂S_c/∂A."""
    kept, x = [], x.clone().requires_grad_()
    hook = net.get_submodule(layer).register_forward_hook(lambda module, inputs, output: kept.append(output))
    score = scores(net, x)[c]
    hook.remove()
    (A,) = kept
    (g,) = torch.autograd.grad(score, A)
    return A[0].detach(), g[0]


def upsampled(picture, x):
    """The picture at the size of the clip's last two axes, bilinearly; the clip's channels share it."""
    picture = functional.interpolate(picture[None, None], size=x.shape[-2:], mode="bilinear", align_corners=False)
    return picture[0].expand(x.shape)


def grad_cam(net, x, c, layer):
    """ReLU(Σ_k w_k A_k), w_k = mean_ij ∂S_c/∂A_k (Selvaraju et al. 2017, eq. 1 and 2)."""
    A, g = feature_maps_and_gradients(net, x, c, layer)
    total = torch.zeros_like(A[0])
    for k in range(len(A)):
        total += g[k].mean() * A[k]
    return upsampled(total.clamp(min=0), x)


def grad_cam_plus_plus(net, x, c, layer):
    """As Grad-CAM, with w_k = Σ_ij α ReLU(g), α = g² / (2 g² + Σ_ij A_k · g³) (Chattopadhay et al. 2018, eq. 5 and 19)."""
    A, g = feature_maps_and_gradients(net, x, c, layer)
    total = torch.zeros_like(A[0])
    for k in range(len(A)):
        w, sum_of_A = 0.0, A[k].sum().item()
        for gradient in g[k].flatten().tolist():
            denominator = 2 * gradient**2 + sum_of_A * gradient**3
            if denominator != 0:
                w += gradient**2 / denominator * max(gradient, 0)
        total += w * A[k]
    return upsampled(total.clamp(min=0), x)


def layer_cam(net, x, c, layer):
    """ReLU(Σ_k w_k ⊙ A_k), w_kij = ReLU(∂S_c/∂A_kij) (Jiang et al. 2021)."""
    A, g = feature_maps_and_gradients(net, x, c, layer)
    total = torch.zeros_like(A[0])
    for k in range(len(A)):
        total += g[k].clamp(min=0) * A[k]
    return upsampled(total.clamp(min=0), x)


def hires_cam(net, x, c, layer):
    """ReLU(Σ_k ∂S_c/∂A_k ⊙ A_k) (Draelos & Carin 2020)."""
    A, g = feature_maps_and_gradients(net, x, c, layer)
    total = torch.zeros_like(A[0])
    for k in range(len(A)):
        total += g[k] * A[k]
    return upsampled(total.clamp(min=0), x)


def xgrad_cam(net, x, c, layer):
    """As Grad-CAM, with w_k = Σ_ij A_kij / Σ_ab A_kab · ∂S_c/∂A_kij (Fu et al. 2020)."""
    A, g = feature_maps_and_gradients(net, x, c, layer)
    total = torch.zeros_like(A[0])
    for k in range(len(A)):
        if A[k].sum() != 0:
            total += (A[k] / A[k].sum() * g[k]).sum() * A[k]
    return upsampled(total.clamp(min=0), x)


def eigen_cam(net, x, layer):
    """O v, with v the eigenvector of OᵀO of the greatest eigenvalue, one row of O a position (Muhammad & Yeasin 2020).

    Of both signs of v that with which the total is positive.
    """
    A, _ = feature_maps_and_gradients(net, x, 0, layer)
    O = A.flatten(1).T.numpy()  # noqa: E741
    eigenvalues, eigenvectors = np.linalg.eigh(O.T @ O)
    projected = O @ eigenvectors[:, np.argmax(eigenvalues)]
    return upsampled(torch.from_numpy(projected if projected.sum() > 0 else -projected).reshape(A[0].shape), x)


def ablation_cam(net, x, c, layer):
    """As Grad-CAM, with w_k = S_c − S_c where A_k is 0 (Desai & Ramaswamy 2020, without their division by S_c)."""
    A, _ = feature_maps_and_gradients(net, x, c, layer)
    score, total = scores(net, x)[c].item(), torch.zeros_like(A[0])
    for k in range(len(A)):
        without_k = torch.ones_like(A)
        without_k[k] = 0
        hook = net.get_submodule(layer).register_forward_hook(lambda module, inputs, output, mask=without_k: output * mask)
        total += (score - scores(net, x)[c].item()) * A[k]
        hook.remove()
    return upsampled(total.clamp(min=0), x)


def score_cam(net, x, c, layer, *, baseline, n_channels=None):
    """As Grad-CAM, with w_k = p_c(b + m_k ⊙ (x − b)), m_k being A_k upsampled and then min–max scaled (Wang et al. 2020).

    With ``n_channels`` only that many feature maps take part, those of the greatest standard deviation (tabayashi0117).
    """
    A, _ = feature_maps_and_gradients(net, x, c, layer)
    channels = sorted(range(len(A)), key=lambda k: -np.std(A[k].numpy()))[:n_channels]
    total = torch.zeros_like(A[0])
    for k in channels:
        if A[k].max() == A[k].min():
            continue  # a constant map has no scale
        m = upsampled(A[k], x)
        m = (m - m.min()) / (m.max() - m.min())
        total += probabilities(net, baseline + m * (x - baseline))[c] * A[k]
    return upsampled(total.clamp(min=0), x)


def integrated_gradients(net, x, c, *, baseline, n_steps):
    """(x − b) ⊙ ∫ ∂S_c/∂x(b + α (x − b)) dα (Sundararajan et al. 2017, eq. 1), by Gauss and Legendre's quadrature."""
    total, (nodes, weights) = torch.zeros_like(x), roots_legendre(n_steps)  # on [−1, 1]
    for node, weight in zip(nodes, weights):
        on_the_way = (baseline + (node + 1) / 2 * (x - baseline)).requires_grad_()
        (gradient,) = torch.autograd.grad(scores(net, on_the_way)[c], on_the_way)
        total += weight / 2 * gradient
    return (x - baseline) * total


def occlusion(net, x, c, *, baseline, window, stride):
    """p_c(x) − p_c with a window at b, averaged over the windows on a value (Zeiler & Fergus 2014); the last are cut off."""
    before, total, count = probabilities(net, x)[c], torch.zeros_like(x), torch.zeros_like(x)
    (height, width), (down, right), (rows, columns) = window, stride, x.shape[-2:]
    for row in range(0, rows - height + down, down):
        for column in range(0, columns - width + right, right):
            m = torch.zeros_like(x)
            m[:, row : row + height, column : column + width] = 1
            total += m * (before - probabilities(net, x + m * (baseline - x))[c])
            count += m
    return total / count


def rise(net, x, c, *, baseline, masks, probability):
    """Σ_i (w_i − w̄) m_i / (N p), w_i = p_c(b + m_i ⊙ (x − b)) (Petsiuk et al. 2018, eq. 6, but for w̄, the mean weight)."""
    weights = [probabilities(net, baseline + m * (x - baseline))[c] for m in masks]
    total = torch.zeros_like(x)
    for w, m in zip(weights, masks):
        total += (w - np.mean(weights)) * m
    return total / (len(masks) * probability)


# -- floors, which do not look at the network ------------------------------------------------------------------------------


def energy_map(x):
    """x − min x."""
    return x - x.min()


def edge_map(x):
    """The length of Sobel's gradient; at its border the clip goes on as it ends (Sobel & Feldman 1968)."""
    along_time = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    result = torch.zeros_like(x)
    for number, picture in enumerate(x.numpy()):
        padded = np.pad(picture, 1, mode="edge")
        for row, column in np.ndindex(*picture.shape):
            window = padded[row : row + 3, column : column + 3]
            result[number, row, column] = math.hypot((window * along_time).sum(), (window * along_time.T).sum())
    return result
