"""Ops on images."""

from ._image_borders import crop_images as crop_images
from ._image_borders import pad_images as pad_images
from ._image_color import hsv_to_rgb as hsv_to_rgb
from ._image_color import rgb_to_grayscale as rgb_to_grayscale
from ._image_color import rgb_to_hsv as rgb_to_hsv
from ._image_filters import gaussian_blur as gaussian_blur
from ._image_filters import sobel_edges as sobel_edges
from ._image_filters import ssim as ssim
from ._image_patches import extract_patches as extract_patches
from ._image_patches import extract_patches_3d as extract_patches_3d
from ._image_resize import resize as resize
from ._image_resize import scale_and_translate as scale_and_translate
from ._image_warp import affine_transform as affine_transform
from ._image_warp import elastic_transform as elastic_transform
from ._image_warp import map_coordinates as map_coordinates
from ._image_warp import perspective_transform as perspective_transform
