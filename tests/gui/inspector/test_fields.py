"""All fields of an exec: each set before and after, with the rules behind it."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex

from gui.inspector.fields import FieldsModel
from tests.gui.execs import exec_event


def rows(model: FieldsModel, parent: QModelIndex | None = None) -> dict[str, QModelIndex]:
    """By the field's name."""
    above = parent or QModelIndex()
    return {index.data(): index for index in (model.index(row, 0, above) for row in range(model.rowCount(above)))}


def value(index: QModelIndex) -> str:
    return str(index.siblingAtColumn(1).data())


def test_each_set_of_an_exec(qapp: object) -> None:  # noqa: ARG001  # a model of Qt's needs it
    model = FieldsModel()
    model.show_event(exec_event(agrees=True))
    found = rows(model)
    assert value(found["prediction"]) == "as predicted"
    assert not {"before", "predicted", "rule_sets"} & found.keys()
    sets = rows(model, found["prediction"])
    assert {name: value(index) for name, index in sets.items()} == {
        "bounding": "NET_RAW",
        "permitted": "– → NET_RAW",
        "effective": "– → NET_RAW",
        "inheritable": "–",
        "ambient": "–",
    }
    assert "the effective uid is 0" in value(model.index(0, 0, sets["permitted"]))


def test_a_set_that_was_predicted_otherwise(qapp: object) -> None:  # noqa: ARG001  # as above
    model = FieldsModel()
    model.show_event(exec_event(agrees=False))
    prediction = rows(model)["prediction"]
    assert value(prediction).startswith("not as predicted: permitted lacks NET_RAW")
    assert value(rows(model, prediction)["permitted"]) == "–; predicted: NET_RAW"
