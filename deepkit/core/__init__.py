"""Ground floor: errors, settings, dtypes, shapes, trees, names, the registry and the object formats."""
