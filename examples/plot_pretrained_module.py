"""
Explain somebody else's trained module
======================================

A module that was trained elsewhere, by a training loop of its own and with labels of its own, is explained as it is. Nothing
about it is changed: no hook, no mode, no gradient is left behind.
"""

import matplotlib.pyplot as plt
import torch
from torch import nn

from skxai.datasets import make_audio_events
from skxai.display import SaliencyDisplay
from skxai.explainers import GradCAM, ScoreCAM
from skxai.features import MelSpectrogram, feature_axes
from skxai.metrics import get_scorer
from skxai.models import PretrainedClassifier

# %%
# Somebody else's code: decibel spectrograms, a module that returns probabilities, a bare training loop.

scenes = make_audio_events(160, classes=("wheeze", "cough", "alarm"), sample_rate=16000, random_state=0)
mel = MelSpectrogram(16000, n_mels=40)
X = mel.fit_transform(scenes.data)
y = torch.tensor([scenes.target_names.index(label) for label in scenes.target])

torch.manual_seed(0)
module = nn.Sequential(
    nn.BatchNorm2d(1),
    nn.Conv2d(1, 16, 5, padding=2),
    nn.ReLU(inplace=True),
    nn.MaxPool2d(2),
    nn.Conv2d(16, 32, 5, padding=2),
    nn.ReLU(inplace=True),
    nn.AdaptiveMaxPool2d(1),
    nn.Flatten(),
    nn.Linear(32, 3),
    nn.Softmax(dim=1),
)
optimizer = torch.optim.Adam(module.parameters(), lr=3e-3)
for _ in range(60):
    optimizer.zero_grad()
    loss = nn.functional.nll_loss(module(torch.from_numpy(X)).log(), y)
    loss.backward()
    optimizer.step()

# %%
# Ready at once: ``output`` says what the module returns. The softmax is taken off for gradients, as the methods ask.

classifier = PretrainedClassifier(module, classes=scenes.target_names, output="probabilities")
print(f"accuracy on its training clips {classifier.fit(X).score(X, scenes.target):.2f}")
score = get_scorer("insertion_auc")
for explainer in (GradCAM(classifier), ScoreCAM(classifier)):
    print(f"{type(explainer).__name__}: insertion AUC {score(explainer.fit(X), X[:40]):.3f}")

# %%

clips = slice(0, 3)
explainer = GradCAM(classifier).fit(X)
SaliencyDisplay.from_maps(explainer.transform(X[clips]), X[clips], axes=feature_axes(mel)).plot()
plt.show()
