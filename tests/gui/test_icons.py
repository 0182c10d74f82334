"""Every sign leaves a mark of its colour."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from gui.icons import Shape, shape_icon


@pytest.mark.parametrize("shape", list(Shape), ids=lambda shape: shape.name.lower())
def test_shape_is_painted(qapp: QApplication, shape: Shape) -> None:  # noqa: ARG001  pixmaps need an application
    image = shape_icon(shape, "#b8650c").pixmap(QSize(32, 32)).toImage()
    inked = [(x, y) for x in range(image.width()) for y in range(image.height()) if image.pixelColor(x, y).alpha() == 255]
    assert inked
    assert image.pixelColor(*inked[len(inked) // 2]) == QColor("#b8650c")


def test_shapes_differ(qapp: QApplication) -> None:  # noqa: ARG001  as above
    images = [shape_icon(shape, "#000000").pixmap(QSize(32, 32)).toImage() for shape in Shape]
    assert all(one != other for number, one in enumerate(images) for other in images[number + 1 :])
