"""How cases of layers are made: runs under each version of Keras, with Python 3.7 too."""

SEQUENCE = (5, 4)
IMAGE = (6, 6, 4)
VOLUME = (4, 4, 4, 2)


def case_maker(layers):
    """A function that takes a class of layers, shapes without the batch, and arguments.

    It returns a dict of a title, a function that makes the layer, the shapes, and the arguments of
    the layer's call (`_call`). Arguments that are functions are called when the layer is made.
    """

    def case(class_name, shapes, *args, **kwargs):
        shapes = shapes if isinstance(shapes, list) else [shapes]
        call = kwargs.pop("_call", {})
        title = class_name + "".join(f" {a!r}" for a in args if isinstance(a, (int, str, tuple)))
        title += "".join(
            " {}={}".format(k, v if isinstance(v, (int, float, str, tuple)) else "object")
            for k, v in sorted(kwargs.items())
        )

        def make(**more):
            values = {k: v() if callable(v) else v for k, v in kwargs.items()}
            given = [v() if callable(v) else v for v in args]
            home = layers
            for part in class_name.split(".")[:-1]:
                home = getattr(home, part)
            made = getattr(home, class_name.split(".")[-1])
            return made(*given, name="layer", **dict(values, **more))

        return {"title": title, "make": make, "shapes": shapes, "call": call}

    return case
