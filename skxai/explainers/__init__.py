"""Explainers: Transformers whose ``transform`` returns saliency maps. One import below registers one of them."""

from inspect import isclass

from ._base import Explainer
from .ablation_cam import AblationCAM
from .captum_explainer import CaptumExplainer
from .edge_map import EdgeMap
from .eigen_cam import EigenCAM
from .energy_map import EnergyMap
from .faster_score_cam import FasterScoreCAM
from .grad_cam import GradCAM
from .grad_cam_plus_plus import GradCAMPlusPlus
from .hires_cam import HiResCAM
from .integrated_gradients import IntegratedGradients
from .layer_cam import LayerCAM
from .occlusion import Occlusion
from .random_map import RandomMap
from .rise import RISE
from .score_cam import ScoreCAM
from .smooth_grad import SmoothGrad
from .smooth_grad_cv import SmoothGradCV
from .vanilla_saliency import VanillaSaliency
from .xgrad_cam import XGradCAM

__all__ = sorted(name for name, value in globals().items() if isclass(value) and issubclass(value, Explainer))
