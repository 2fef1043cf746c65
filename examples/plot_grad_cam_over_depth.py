"""
Is Grad-CAM as faithful to a deeper network?
============================================

ResNets of 18 to 101 layers on cepstra, 13 × 400, as in Ansari's thesis. Depth is asked for twice: over the networks, and over
the stages within each, since the last one sees 13 × 400 as 1 × 13 and cannot tell one cepstrum from another. Insertion AUC −
deletion AUC is 0 for a random map, whatever the network, so that networks can be compared by it. The intervals are over clips:
one network of each depth does not tell what is chance in its training. It takes minutes on two cores, longer than the others.

``python examples/plot_grad_cam_over_depth.py FOLDER`` takes your audio in the place of built-in scenes.
"""

import sys
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from skxai.display import ScoreDistributionDisplay
from skxai.explainers import GradCAM
from skxai.features import MFCC, AudioLoader, FeatureScaler, FixedFrames
from skxai.metrics import evaluate
from skxai.models import ResNetClassifier
from skxai.studies import load_clips, split_clips
from skxai.utils.statistics import bootstrap_interval

clips = load_clips(sys.argv[1] if len(sys.argv) > 1 else None, n_scenes=200)
train, held_out, explained = split_clips(clips, n_test=40)
rate = clips.sample_rate or 22050
mfcc = MFCC(rate, hop_length=int(rate * clips.duration / 400))
features = make_pipeline(AudioLoader(rate, duration=clips.duration), mfcc, FixedFrames(400), FeatureScaler("standard"))
X_train, X = features.fit_transform(clips.X[train]), features.transform(clips.X)
warnings.filterwarnings("ignore", message=".*are constant along")  # that is the question

# %%
# The baseline is each clip's mean: the lowest value is silence in a spectrogram, but none in cepstra.

accuracy, scores = {}, {}
for depth in (18, 34, 50, 101):
    network = ResNetClassifier(depth, max_epochs=5, random_state=0).fit(X_train, clips.y[train])
    accuracy[depth] = network.score(X[held_out], clips.y[held_out])
    for stage in (1, 2, 3, 4):
        explainer = GradCAM(FrozenEstimator(network), layer=f"layer{stage}").fit(X_train)
        auc = evaluate(explainer, X[explained], None, ["insertion_auc", "neg_deletion_auc"], step=0.1, baseline="mean")
        scores[depth, stage] = auc["insertion_auc"] - auc["deletion_auc"]

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
last = {f"ResNet-{depth}": scores[depth, 4] for depth in accuracy}
ScoreDistributionDisplay.from_scores(last, score_name="insertion − deletion AUC, last stage", bounds=(-1, 1), ax=left)
for i, (depth, line) in enumerate(zip(accuracy, left.get_legend_handles_labels()[0])):
    of_stages = np.transpose([scores[depth, stage] for stage in (1, 2, 3, 4)])
    interval, mean = bootstrap_interval(of_stages, clips.groups[explained]), of_stages.mean(axis=0)
    style = {"color": line.get_color(), "linestyle": line.get_linestyle(), "marker": "os^v"[i], "capsize": 3}
    label = f"ResNet-{depth}, accuracy {accuracy[depth]:.2f}"
    right.errorbar(np.arange(1, 5) + 0.06 * i, mean, np.abs(interval - mean), label=label, **style)
right.axhline(0, color="0.5", linewidth=0.8)
right.set(xticks=[1, 2, 3, 4], xlabel="stage whose output Grad-CAM takes", ylabel="insertion − deletion AUC (0: random)")
right.legend(loc="lower left", bbox_to_anchor=(0, 1), fontsize="small", frameon=False)

low, high = bootstrap_interval(scores[101, 4] - scores[18, 4], clips.groups[explained])
best = [1 + int(np.argmax([scores[depth, stage].mean() for stage in (1, 2, 3, 4)])) for depth in accuracy]
said = [f"{scores[depth, 4].mean():.3f} (ResNet-{depth}, accuracy {accuracy[depth]:.2f})" for depth in accuracy]
print(
    f"On {len(explained)} clips Grad-CAM at the last stage has insertion − deletion AUCs of {', '.join(said)}; ResNet-101 less "
    f"ResNet-18 is {low:+.3f} to {high:+.3f} (95 %, over recordings), and the best stages are {', '.join(map(str, best))}."
)
plt.show()
