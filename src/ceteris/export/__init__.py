"""A trained network for use elsewhere: an ONNX file, a folder for PyTorch, weights with a header.

Every form holds the preprocessing and the names of the classes, so that the mistake of feeding a
network other numbers than it was trained on cannot be made: what goes in are pixels as they are.
"""

from ceteris.export.exporting import FORMS, Exported, Form, export

__all__ = ["FORMS", "Exported", "Form", "export"]
